"""Missing cells of tables and holes in images, against scikit-learn's imputers and PCA."""

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.preprocessing import minmax_scale

from benchmarks._family import epochs, mnist, row, seeds, shown
from skae import Autoencoder, DenoisingAutoencoder
from skae.applications import ReconstructionImputer

N_COMPONENTS, SHARE_MISSING = 8, 0.2
# Few and many rounds: with many, PCA fits the hole's surroundings ever closer.
PCA_SIZES, PCA_ROUNDS = (5, 10, 20, 40), (1, 2, 3, 100)


class UnmaskedAutoencoder(Autoencoder):
    """Trained to reconstruct its own guesses too."""

    def fit(self, X, y=None):
        return super().fit(X)


def tables(options):
    """Bars: a root mean squared error near IterativeImputer's on both tables."""
    for name, load, bar in (("breast cancer", load_breast_cancer, 0.06), ("wine", load_wine, 0.16)):
        X = minmax_scale(load().data)
        ours = errors_of(lambda seed: ReconstructionImputer(random_state=seed), X, options)
        known = {
            "mean": lambda seed: SimpleImputer(),
            "KNN": lambda seed: KNNImputer(),
            "IterativeImputer": lambda seed: IterativeImputer(random_state=seed),
            f"PCA({N_COMPONENTS})": lambda seed: ReconstructionImputer(PCA(N_COMPONENTS)),
            f"naive Autoencoder({N_COMPONENTS})": lambda seed: ReconstructionImputer(
                UnmaskedAutoencoder(N_COMPONENTS, **epochs(options)), max_iter=5, random_state=seed
            ),
        }
        beside = {
            label: np.mean(errors_of(new_imputer, X, options))
            for label, new_imputer in known.items()
        }
        yield row(
            f"imputation, {name}, a fifth of the cells missing: RMSE",
            shown(ours, "{:.4f}"),
            ", ".join(f"{label} {error:.4f}" for label, error in beside.items()),
            f"<= {bar:.3f}",
            np.mean(ours) <= bar,
        )


def errors_of(new_imputer, X, options):
    errors = []
    for seed in seeds(options):
        is_missing = np.random.default_rng(seed).uniform(size=X.shape) < SHARE_MISSING
        filled = fill_quietly(new_imputer(seed), np.where(is_missing, np.nan, X))
        errors.append(np.sqrt(np.mean((filled - X)[is_missing] ** 2)))
    return errors


def fill_quietly(imputer, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return imputer.fit_transform(X)


def inpainting(options):
    """Bars: 0.6 of the mean image's squared error in the hole, and less than PCA's."""
    train, test = mnist(options)
    hole = np.zeros((28, 28), bool)
    hole[10:18, 10:18] = True
    hole = hole.ravel()

    def relative_error(imputer):
        imputer.fit(train)
        filled = imputer.transform(np.where(hole, np.nan, test))
        mean_image = (train.mean(axis=0) - test)[:, hole]
        return np.sum((filled - test)[:, hole] ** 2) / np.sum(mean_image**2)

    pca = {
        (size, rounds): relative_error(
            ReconstructionImputer(PCA(size, random_state=0), max_iter=rounds)
        )
        for size in PCA_SIZES
        for rounds in PCA_ROUNDS
    }
    (size, rounds), best = min(pca.items(), key=lambda item: item[1])
    many = min(error for (_, rounds), error in pca.items() if rounds == PCA_ROUNDS[-1])
    beside = f"PCA({size}), {rounds} rounds: {best:.3f}; PCA, {PCA_ROUNDS[-1]} rounds: {many:.3f}"
    what = "inpainting, MNIST, 8 x 8 hole, {}: squared error over the mean image's"
    ours = [
        relative_error(
            ReconstructionImputer(
                DenoisingAutoencoder(32, noise="swap", **epochs(options)), random_state=seed
            )
        )
        for seed in seeds(options, 2)
    ]
    bar = "<= 0.6, < PCA's"
    holds = np.mean(ours) <= min(0.6, best)
    label = what.format('DenoisingAutoencoder(32, noise="swap")')
    yield row(label, shown(ours, "{:.3f}"), beside, bar, holds)
    if not options.quick:
        default = relative_error(ReconstructionImputer(random_state=0))
        yield row(what.format("default"), f"{default:.3f}", beside, "(printed)", True)


MEASURES = [tables, inpainting]
