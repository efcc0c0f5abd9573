"""Reconstruction metrics, and scorers for anything with `transform` and `inverse_transform`.

The scorers are called as `scorer(estimator, X, y=None)`, so PCA, KernelPCA, NMF, an autoencoder or
a Pipeline that scales first are compared in the same units, those of `X`::

    GridSearchCV(pipe, {"reduce": [PCA(8), Autoencoder(8)]}, scoring=reconstruction_r2_scorer)

`reconstruction_r2_scorer`
    :func:`reconstruction_r2_score` of the estimator's reconstruction of `X`.
`neg_reconstruction_error_scorer`
    :func:`reconstruction_error` of the same, negated, because scikit-learn maximises scores.

Images are compared by :func:`peak_signal_noise_ratio` and :func:`structural_similarity`, whole sets
of rows, such as new ones and real ones, by :func:`frechet_distance`.

Examples
--------
>>> from sklearn.datasets import load_digits
>>> from sklearn.decomposition import NMF, PCA
>>> from sklearn.model_selection import GridSearchCV
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> from skae.metrics import reconstruction_r2_scorer
>>> X, _ = load_digits(return_X_y=True)
>>> search = GridSearchCV(
...     make_pipeline(StandardScaler(), PCA()),
...     {"pca__n_components": [2, 4, 8]},
...     scoring=reconstruction_r2_scorer,
... )
>>> search.fit(X).best_params_
{'pca__n_components': 8}
"""

from skae.metrics._distributions import frechet_distance
from skae.metrics._images import (
    peak_signal_noise_ratio,
    peak_signal_noise_ratio_samples,
    structural_similarity,
    structural_similarity_samples,
)
from skae.metrics._reconstruction import (
    neg_reconstruction_error_scorer,
    reconstruction_error,
    reconstruction_error_samples,
    reconstruction_r2_score,
    reconstruction_r2_scorer,
)

__all__ = [
    "frechet_distance",
    "neg_reconstruction_error_scorer",
    "peak_signal_noise_ratio",
    "peak_signal_noise_ratio_samples",
    "reconstruction_error",
    "reconstruction_error_samples",
    "reconstruction_r2_score",
    "reconstruction_r2_scorer",
    "structural_similarity",
    "structural_similarity_samples",
]
