"""Fitted estimators of every class that can be stored, small enough to be kept as files.

Each has a function that says what it answers, as arrays, and the rows that it answers about.
"""

import functools
import json
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skae
from skae.persistence import _layout

N_ROWS, N_FEATURES = 40, 6
# Long enough for a code that is not the start's, short enough for a test.
QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (3,),
    "max_iter": 2,
    "early_stopping": False,
    "random_state": 0,
}


class Kept(NamedTuple):
    """An estimator to fit, and what it is asked once it is."""

    fit: Callable[[], Any]
    answers: Callable[[Any], dict[str, Any]]


def rows() -> Any:
    """Rows of numbers in a curved sheet."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(N_ROWS, 2))
    curved = np.column_stack([latent, np.sin(latent), latent**2])
    return np.round(curved + 0.1 * rng.normal(size=curved.shape), 3)


def series() -> Any:
    """Rows of three timesteps of two values, the last of which is not always there."""
    X = rows()
    X[::3, 4:] = np.nan
    return X


def holed() -> Any:
    """Rows with values missing."""
    X = rows()
    X[::4, 1] = np.nan
    X[1::5, 3] = np.nan
    return X


def table() -> Any:
    """Numbers with holes, text with holes, truth values, categories and moments."""
    X = rows()
    frame = pd.DataFrame(
        {
            "age": np.round(40 + 10 * X[:, 0]).astype(np.int64),
            # Rounded correctly: a stored detector knows its rows by their bits, and the last one
            # of numpy's exp is another on some processors.
            "income": [float(Decimal(value).exp()) for value in X[:, 1]],
            "owns": X[:, 2] > 0,
            "city": np.select([X[:, 0] > 0.5, X[:, 0] < -0.5], ["rich", "poor"], "fair"),
            "size": pd.Categorical(np.where(X[:, 1] > 0, "large", "small")),
            "day": pd.date_range("2020-01-01", periods=N_ROWS).as_unit("us"),
        }
    )
    frame.loc[::10, "income"] = np.nan
    frame.loc[::12, "city"] = None
    return frame


def _labels() -> Any:
    return np.where(rows()[:, 0] > 0, "up", "down")


def _of_rows(X: Callable[[], Any]) -> Callable[[Any], dict[str, Any]]:
    def answers(fitted: Any) -> dict[str, Any]:
        code = fitted.transform(X())
        return {"code": code, "rows": fitted.inverse_transform(code)}

    return answers


def _of_variational(fitted: Any, made: Callable[[], Any] = rows) -> dict[str, Any]:
    return {**_of_rows(made)(fitted), "scores": fitted.score_samples(made())}


def _of_learned_prior(fitted: Any) -> dict[str, Any]:
    return {**_of_variational(fitted), "sample": fitted.sample(5, random_state=0)}


def _of_series(fitted: Any) -> dict[str, Any]:
    return _of_rows(series)(fitted)


def _of_table(fitted: Any) -> dict[str, Any]:
    known = fitted.impute(table())
    return {
        "code": fitted.transform(table()),
        "scores": fitted.score_samples(table()),
        "income": known["income"].to_numpy(np.float64),
        "city": known["city"].astype(object).to_numpy().astype("U8"),
        "sample": fitted.sample(5, random_state=0)["age"].to_numpy(np.float64),
    }


def _of_classifier(fitted: Any) -> dict[str, Any]:
    return {"classes": fitted.predict(rows()), "shares": fitted.predict_proba(rows())}


def _of_detector(X: Callable[[], Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda fitted: {"scores": fitted.score_samples(X()), "labels": fitted.predict(X())}


def _of_codec(fitted: Any, X: Callable[[], Any] = rows) -> dict[str, Any]:
    data = fitted.encode(X())
    return {"rows": fitted.decode(data), "bytes": np.frombuffer(data, np.uint8)}


def _fits(estimator: Any, X: Callable[[], Any], y: Callable[[], Any] | None = None) -> Any:
    def fit() -> Any:
        with warnings.catch_warnings():
            # Two epochs are seldom better than the start.
            warnings.simplefilter("ignore")
            return estimator.fit(X()) if y is None else estimator.fit(X(), y())

    return fit


def _quick(cls: type[Any] = skae.Autoencoder, n_components: Any = 2, **parameters: Any) -> Any:
    return cls(n_components, **{**QUICK, **parameters})


def _restoring(network: str, **parameters: Any) -> Any:
    """Networks without a code."""
    given = {**_SEQUENCES, "hidden_layer_sizes": (2, 3), "noise_level": (0.1, 0.3), **parameters}
    return _quick(skae.DenoisingAutoencoder, "auto", network=network, **given)


def _compressed() -> Any:
    fitted = _fits(_quick(hidden_layer_sizes=(16, 8)), rows)()
    return skae.compress(fitted, 0.5, random_state=0)


def _continued() -> Any:
    return _quick().partial_fit(rows()).partial_fit(rows())


def _with_keras() -> Any:
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    return _fits(_quick(optimizer=keras.optimizers.SGD(schedule, momentum=0.5)), rows)()


def _frozen() -> Any:
    return FrozenEstimator(_fits(_quick(), rows)())


def _mixed_columns() -> Any:
    numbers = make_pipeline(StandardScaler(), _quick(n_components=1))
    return ColumnTransformer(
        [("numbers", numbers, ["age", "day_number"]), ("levels", OneHotEncoder(), ["size"])]
    )


def _frame_of_numbers() -> Any:
    frame = table()
    return frame.assign(day_number=np.arange(len(frame)))


def _searched(search: Any) -> Any:
    steps = make_pipeline(StandardScaler(), _quick())
    return search(steps, {"autoencoder__n_components": [1, 2]}, cv=2)


def _of_search(fitted: Any) -> dict[str, Any]:
    return {
        "code": fitted.transform(rows()),
        "scores": fitted.cv_results_["mean_test_score"],
    }


def _counts() -> Any:
    return np.rint(np.exp(rows()))


def _classes() -> Any:
    return np.where(rows()[:, 0] > 0, "a", "b")


_PADDED = skae.VariationalAutoencoder


def _sequences(cls: type[Any] = skae.Autoencoder) -> Any:
    return _quick(cls, network="recurrent", hidden_layer_sizes=(2,), **_MASKED)


def _table(cls: type[Any] = skae.Autoencoder) -> Any:
    return skae.TableAutoencoder(_quick(cls))


def _detector(reducer: Any, scoring: Any, trim: float) -> Any:
    return skae.ReconstructionOutlierDetector(
        reducer, scoring=scoring, calibration_fraction=0.5, trim=trim, random_state=0
    )


_SEQUENCES = {"sample_shape": (3, 2), "hidden_layer_sizes": (2,)}
_MASKED = {"mask_value": np.nan, "sample_shape": (3, 2)}

KEPT: dict[str, Kept] = {
    "AdversarialAutoencoder": Kept(
        _fits(_quick(skae.AdversarialAutoencoder), rows), _of_rows(rows)
    ),
    "AdversarialAutoencoder.mmd": Kept(
        _fits(_quick(skae.AdversarialAutoencoder, divergence="mmd"), rows), _of_rows(rows)
    ),
    "Autoencoder": Kept(_fits(_quick(), rows), _of_rows(rows)),
    "Autoencoder.compressed": Kept(_compressed, _of_rows(rows)),
    "Autoencoder.convolutional": Kept(
        _fits(_quick(network="convolutional", sample_shape=(6, 1), kernel_size=2), rows),
        _of_rows(rows),
    ),
    "Autoencoder.frozen": Kept(_frozen, _of_rows(rows)),
    "Autoencoder.keras": Kept(_with_keras, _of_rows(rows)),
    "Autoencoder.parameters": Kept(
        _fits(
            _quick(
                optimizer="sgd",
                activation="tanh",
                loss="absolute_error",
                random_state=np.random.RandomState(0),
            ),
            rows,
        ),
        _of_rows(rows),
    ),
    "Autoencoder.partial_fit": Kept(_continued, _of_rows(rows)),
    "AutoencoderClassifier": Kept(
        _fits(skae.AutoencoderClassifier(_quick(), max_iter=2, random_state=0), rows, _labels),
        _of_classifier,
    ),
    "AutoencoderClassifier.table": Kept(
        _fits(
            skae.AutoencoderClassifier(skae.TableAutoencoder(_quick()), max_iter=2, random_state=0),
            table,
            _labels,
        ),
        lambda fitted: {"shares": fitted.predict_proba(table())},
    ),
    "AutoencoderRegressor": Kept(
        _fits(
            skae.AutoencoderRegressor(_quick(), max_iter=2, random_state=0),
            rows,
            lambda: rows()[:, :2] @ [1.0, 2.0],
        ),
        lambda fitted: {"values": fitted.predict(rows())},
    ),
    "BatchedGridSearchCV": Kept(_fits(_searched(skae.BatchedGridSearchCV), rows), _of_search),
    "ContractiveAutoencoder": Kept(
        _fits(_quick(skae.ContractiveAutoencoder), rows), _of_rows(rows)
    ),
    "ConvolutionalAutoencoder": Kept(
        _fits(_quick(skae.ConvolutionalAutoencoder, **_SEQUENCES, kernel_size=2), rows),
        _of_rows(rows),
    ),
    "DenoisingAutoencoder": Kept(_fits(_quick(skae.DenoisingAutoencoder), rows), _of_rows(rows)),
    "DenoisingAutoencoder.residual": Kept(_fits(_restoring("residual"), rows), _of_rows(rows)),
    "DenoisingAutoencoder.unet": Kept(
        _fits(_restoring("unet", noise="masking"), rows), _of_rows(rows)
    ),
    "LatentCodec": Kept(_fits(skae.LatentCodec(_quick(), bits=3), rows), _of_codec),
    "LatentCodec.padding": Kept(
        _fits(skae.LatentCodec(_quick(network="recurrent", **_MASKED), bits=2), series),
        lambda fitted: _of_codec(fitted, series),
    ),
    "LatentCodec.pca": Kept(_fits(skae.LatentCodec(PCA(2), bits=3), rows), _of_codec),
    "LatentSampler": Kept(
        _fits(skae.LatentSampler(_quick(), grid="observed", random_state=0), rows),
        lambda fitted: {
            "sample": fitted.sample(5, random_state=0),
            "scores": fitted.score_samples(rows()),
        },
    ),
    "LatentSampler.conditional": Kept(
        _fits(skae.LatentSampler(_quick(), conditional=True, random_state=0), rows, _classes),
        lambda fitted: {"sample": fitted.sample(5, random_state=0, y="a")},
    ),
    "LatentSampler.table": Kept(
        _fits(skae.LatentSampler(skae.TableAutoencoder(_quick()), random_state=0), table),
        lambda fitted: {"scores": fitted.score_samples(table())},
    ),
    "ReconstructionImputer": Kept(
        _fits(
            skae.ReconstructionImputer(
                _quick(), max_iter=2, max_value="observed", grid={0: 1}, add_indicator=True
            ),
            holed,
        ),
        lambda fitted: {"rows": fitted.transform(holed())},
    ),
    "ReconstructionImputer.table": Kept(
        _fits(skae.ReconstructionImputer(skae.TableAutoencoder(_quick())), table),
        lambda fitted: {"income": fitted.transform(table())["income"].to_numpy(np.float64)},
    ),
    **{
        f"ReconstructionOutlierDetector.{name}": Kept(
            # Trimming fits twice, to any rows alike.
            _fits(_detector(reducer, scoring, 0.1 if X is rows else 0.0), X),
            _of_detector(X),
        )
        for name, reducer, scoring, X in [
            ("error", PCA(2), "error", rows),
            ("likelihood", _quick(skae.VariationalAutoencoder), "likelihood", rows),
            ("mahalanobis", _quick(), "mahalanobis", rows),
            ("padding.error", _sequences(), "error", series),
            ("padding.likelihood", _sequences(_PADDED), "likelihood", series),
            ("padding.mahalanobis", _sequences(), "mahalanobis", series),
            ("padding.top_features", _sequences(), "top_features", series),
            ("table.likelihood", _table(skae.VariationalAutoencoder), "likelihood", table),
            ("table.mahalanobis", _table(), "mahalanobis", table),
            ("top_features", _quick(), "top_features", rows),
        ]
    },
    "RecurrentAutoencoder": Kept(
        _fits(_quick(skae.RecurrentAutoencoder, **_SEQUENCES, mask_value=np.nan), series),
        _of_series,
    ),
    "SparseAutoencoder": Kept(_fits(_quick(skae.SparseAutoencoder, 4), rows), _of_rows(rows)),
    **{
        f"SparseAutoencoder.{sparsity}": Kept(
            _fits(
                _quick(
                    skae.SparseAutoencoder,
                    4,
                    sparsity=sparsity,
                    hidden_layer_sizes=(),
                    whiten=whiten,
                ),
                rows,
            ),
            _of_rows(rows),
        )
        for sparsity, whiten in (("batch_topk", 0.1), ("jumprelu", False))
    },
    "StackedAutoencoder": Kept(
        _fits(_quick(skae.StackedAutoencoder, pretrain_max_iter=2), rows), _of_rows(rows)
    ),
    "TableAutoencoder": Kept(
        _fits(skae.TableAutoencoder(_quick(skae.VariationalAutoencoder)), table), _of_table
    ),
    "VariationalAutoencoder": Kept(
        _fits(_quick(skae.VariationalAutoencoder), rows), _of_variational
    ),
    "VariationalAutoencoder.conditional": Kept(
        _fits(_quick(skae.VariationalAutoencoder, conditional=True), rows, _classes),
        lambda fitted: {
            "code": fitted.transform(rows()),
            "scores": fitted.score_samples(rows()),
            "sample": fitted.sample(3, random_state=0, y="b"),
        },
    ),
    "VariationalAutoencoder.counts": Kept(
        _fits(
            _quick(skae.VariationalAutoencoder, likelihood="zero_inflated_negative_binomial"),
            _counts,
        ),
        lambda fitted: _of_variational(fitted, _counts),
    ),
    "VariationalAutoencoder.features": Kept(
        _fits(_quick(skae.VariationalAutoencoder, noise_variance="feature"), rows),
        _of_variational,
    ),
    **{
        f"VariationalAutoencoder.{prior}": Kept(
            _fits(_quick(skae.VariationalAutoencoder, prior=prior, n_prior_components=2), rows),
            _of_learned_prior,
        )
        for prior in ("flow", "mixture", "vamp")
    },
    "VariationalConvolutionalAutoencoder": Kept(
        _fits(_quick(skae.VariationalConvolutionalAutoencoder, **_SEQUENCES, kernel_size=2), rows),
        _of_rows(rows),
    ),
    "pipeline": Kept(_fits(make_pipeline(StandardScaler(), _quick()), rows), _of_rows(rows)),
    "pipeline.columns": Kept(
        _fits(_mixed_columns(), _frame_of_numbers),
        lambda fitted: {"code": fitted.transform(_frame_of_numbers())},
    ),
    "pipeline.search": Kept(_fits(_searched(GridSearchCV), rows), _of_search),
}


@functools.cache
def fitted(name: str) -> Any:
    """A fitted estimator; it is not to be changed."""
    return KEPT[name].fit()


def hostile(nodes: Any, arrays: Any = (), root: Any = None) -> bytes:
    """A file with a sound checksum, as somebody may make it who means harm."""
    place = {"n": len(nodes) - 1} if root is None else root
    about = {"format": "1", "skae": "0", "scikit-learn": "0", "numpy": "0", "keras": "0"}
    named = {f"array {i}": array for i, array in enumerate(arrays)}
    return _layout.packed(about, json.dumps({"nodes": nodes, "root": place}), named)


# Files of earlier releases, which are never written again.
GOLDEN = Path(__file__).parents[1] / "golden"
# One of every class, and of what it stores in another way.
GOLDEN_NAMES = (
    "AdversarialAutoencoder",
    "AdversarialAutoencoder.mmd",
    "Autoencoder",
    "Autoencoder.compressed",
    "Autoencoder.partial_fit",
    "AutoencoderClassifier",
    "AutoencoderRegressor",
    "BatchedGridSearchCV",
    "ContractiveAutoencoder",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "DenoisingAutoencoder.residual",
    "DenoisingAutoencoder.unet",
    "LatentCodec",
    "LatentCodec.padding",
    "LatentSampler",
    "LatentSampler.conditional",
    "ReconstructionImputer",
    "ReconstructionOutlierDetector.mahalanobis",
    "ReconstructionOutlierDetector.table.mahalanobis",
    "RecurrentAutoencoder",
    "SparseAutoencoder",
    "SparseAutoencoder.batch_topk",
    "SparseAutoencoder.jumprelu",
    "StackedAutoencoder",
    "TableAutoencoder",
    "VariationalAutoencoder",
    "VariationalAutoencoder.conditional",
    "VariationalAutoencoder.counts",
    "VariationalAutoencoder.features",
    "VariationalAutoencoder.flow",
    "VariationalAutoencoder.mixture",
    "VariationalAutoencoder.vamp",
    "VariationalConvolutionalAutoencoder",
    "pipeline",
)
