"""Code as users write it, with every public name: mypy checks it, and nothing of it is run.

A call is wrong on purpose where its line says which error mypy reports.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

import skae
from skae.diagnosis import Finding
from skae.exceptions import (
    NetworkChangedWarning,
    OtherVersionWarning,
    PrecisionLossWarning,
    StartKeptWarning,
    TrainingInterruptedWarning,
)
from skae.inspection import (
    ComponentCurveDisplay,
    DenoisingDisplay,
    FeatureContributionDisplay,
    FiltersDisplay,
    LatentSpaceDisplay,
    LatentTraversalDisplay,
    LossCurveDisplay,
    ReconstructionDisplay,
    ReconstructionErrorDisplay,
)
from skae.layers import (
    Between,
    Gate,
    HideMissing,
    IdleUnits,
    JumpReLU,
    KeepLargest,
    KeepLargestOfBatch,
    LastState,
    MarkMissing,
    Mirror,
    MissingWhere,
    TakenOff,
    UnitDense,
)
from skae.metrics import (
    neg_reconstruction_error_scorer,
    reconstruction_error,
    reconstruction_error_samples,
    reconstruction_r2_score,
    reconstruction_r2_scorer,
)
from skae.objectives import NetworkView, Objective, RandomDraws, Update

Rows = npt.NDArray[np.float64]


class Halves:
    """A reducer of a user's own, with types."""

    def __init__(self, n_components: int = 2) -> None:
        self.n_components = n_components

    def fit(self, X: Rows, y: object = None) -> "Halves":
        return self

    def transform(self, X: Rows) -> Rows:
        return X[:, : self.n_components]

    def inverse_transform(self, X: Rows) -> Rows:
        return np.hstack([X, X])

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"n_components": self.n_components}

    def set_params(self, **params: Any) -> "Halves":
        self.n_components = params["n_components"]
        return self


def autoencoders(X: Rows) -> list[npt.NDArray[Any]]:
    print(skae.__version__)
    fitted = [
        skae.Autoencoder(2, hidden_layer_sizes=(16, 8), random_state=0).fit(X),
        skae.StackedAutoencoder(2, loss=lambda targets, outputs: abs(targets - outputs)).fit(X),
        skae.DenoisingAutoencoder(2, noise="swap").fit(X),
        skae.DenoisingAutoencoder(
            network="unet", noise_level=(0.1, 0.5), noise_unit="input", flips=True
        ).fit(X),
        skae.SparseAutoencoder(8).fit(X),
        skae.SparseAutoencoder(8, sparsity="jumprelu", whiten=0.1, dead_units=None).fit(X),
        skae.ContractiveAutoencoder(2).fit(X),
        skae.VariationalAutoencoder(
            2, beta=0.5, noise_variance="feature", n_importance_samples=2
        ).fit(X),
        skae.VariationalAutoencoder(2, prior="mixture", n_prior_components=8).fit(X),
        skae.AdversarialAutoencoder(2).fit(X),
        skae.ConvolutionalAutoencoder(2, sample_shape=(8, 8)).fit(X),
        skae.VariationalConvolutionalAutoencoder(2, sample_shape=(8, 8)).fit(X),
        skae.RecurrentAutoencoder(2, sample_shape=(8, 8)).fit(X),
    ]
    variational = skae.VariationalAutoencoder(2).fit(X)
    assert_type(variational.best_epoch_, int)
    variational.sample(5, random_state=0)
    variational.score(variational.reconstruct(X))
    told = skae.VariationalAutoencoder(2, conditional=True).fit(X, X[:, 0] > 0)
    print(
        told.given(True).encoder_,
        told.sample(2, y=True),
        told.transform(X, y=told.predict(X)),
        told.class_prior_,
    )
    print(told.interpolate(X[:2], X[2:4], 5, method="linear", y_from=True, y_to=[True, False]))
    return [each.inverse_transform(each.transform(X)) for each in fitted]


def supervised(X: Rows, y: npt.NDArray[np.int64]) -> None:
    classifier = skae.AutoencoderClassifier(skae.Autoencoder(4), random_state=0).fit(X, y)
    classifier.predict_proba(X)
    skae.AutoencoderRegressor().fit(X, y).predict(X)


def compression(X: Rows) -> skae.CompressionReport:
    compressed = skae.compress(skae.Autoencoder(2).fit(X), 0.5, X=X)
    assert_type(compressed, skae.Autoencoder)
    return compressed.compression_report_


def outliers(X: Rows) -> None:
    detector = skae.ReconstructionOutlierDetector(PCA(2), contamination=0.05, trim=0.1).fit(X)
    assert_type(detector, skae.ReconstructionOutlierDetector)
    assert_type(detector.offset_, float)
    detector.decision_function(X) + detector.score_samples(X) + detector.predict(X)
    detector.feature_contributions(X).sum()
    assert_type(detector.explain(X, n_reasons=2), list[list[str]])
    skae.ReconstructionOutlierDetector(FrozenEstimator(PCA(2).fit(X)))
    skae.ReconstructionOutlierDetector(scoring="mean")  # type: ignore[arg-type]
    skae.ReconstructionOutlierDetector(skae.compare)  # type: ignore[arg-type]


def imputation(X: Rows) -> npt.NDArray[np.object_]:
    imputer = skae.ReconstructionImputer(
        make_pipeline(PCA(2)), min_value={"age": 0.0}, max_value="observed", grid=[1.0, 0.5]
    )
    assert_type(imputer.fit(X).n_iter_, int)
    imputer.transform(X)
    skae.ReconstructionImputer(initial_strategy="best")  # type: ignore[arg-type]
    return imputer.get_feature_names_out()


def sampling(X: Rows, y: npt.NDArray[np.int64]) -> Any:
    sampler = skae.LatentSampler(skae.Autoencoder(0.9), grid="integers", random_state=0).fit(X)
    X_more, y_more = sampler.augment(X, y)
    assert_type(sampler.score(X_more), float)
    print(y_more.shape, sampler.sample(3), sampler.score_samples(X))
    by_class = skae.LatentSampler(conditional=True).fit(X, y)
    print(by_class.sample(3, y=[0, 1, 1]), by_class.classes_, by_class.class_prior_)
    return sampler.interpolate(X[0], X[1], n=5)


def tables(X: Rows) -> Any:
    inner = skae.VariationalAutoencoder(3)
    table = skae.TableAutoencoder(inner, drop=["name"], min_frequency=2, random_state=0).fit(X)
    assert_type(table.n_components_, int)
    assert_type(table.score(X), float)
    print(table.left_out_, table.transform(X).shape, table.score_samples(X), table.reconstruct(X))
    table.impute(X, draw=True)
    skae.TableAutoencoder(skae.compare)  # type: ignore[arg-type]
    skae.TableAutoencoder(categorical_features=3)  # type: ignore[arg-type]
    return table.sample(3, random_state=0, given={"city": "Rome"}, with_missing=False)


def search(X: Rows) -> Any:
    grid = {"learning_rate": [0.001, 0.004]}
    fitted = skae.BatchedGridSearchCV(skae.Autoencoder(2), grid, cv=3, n_jobs=2).fit(X)
    assert_type(fitted, skae.BatchedGridSearchCV)
    skae.BatchedGridSearchCV(skae.Autoencoder(2), grid, n_jobs="two")  # type: ignore[arg-type]
    return fitted.best_params_


def codec(X: Rows) -> Any:
    fitted = skae.LatentCodec(Halves(2), bits=4).fit(X)
    assert_type(fitted.encode(X), bytes)
    assert_type(fitted.bits_per_row_, float)
    fitted.decode("data")  # type: ignore[arg-type]
    return fitted.decode(fitted.encode(X))


def comparison(X: Rows) -> skae.Comparison:
    skae.compare(Halves(), X, n_components=2)
    skae.compare([PCA(), skae.Autoencoder()], X, cv=3, callback=print)
    skae.compare(X, [PCA()])  # type: ignore[arg-type]
    found = skae.compare({"pca": PCA(), "halves": Halves()}, X, n_components=(2, 4), verbose=1)
    found.to_frame().head()
    assert_type(found.summary() + found.recommend(), str)
    assert_type(found.plot("trustworthiness").ax_, Axes)
    ComponentCurveDisplay.from_comparison(found).plot()
    found.plot_codes(target_name="kind").plot_reconstructions(feature_names=["a", "b"])
    if isinstance(found, skae.TableComparison):
        found.plot_columns(n_components=2, n_columns=10).to_column_frame().head()
        print(found.mean_of_columns("accuracy").shape, found.left_out, found.columns)
    return skae.comparison.compare(PCA(), X)


def diagnosis(X: Rows) -> list[Finding]:
    report = skae.diagnose(make_pipeline(PCA(2)).fit(X), X)
    assert_type(report, skae.Diagnosis)
    print(len(report), report.names, [finding.parameter for finding in report])
    skae.diagnosis.diagnose(Halves(2), X)
    skae.diagnose(X, PCA(2))  # type: ignore[arg-type]
    return list(skae.diagnose(skae.Autoencoder(2).fit(X), X))


def displays(X: Rows, y: npt.NDArray[np.int64], ax: Axes) -> None:
    reducer = PCA(2).fit(X)
    detector = skae.ReconstructionOutlierDetector().fit(X)
    DenoisingDisplay.from_estimator(reducer, X, n_rows=3, ax=ax).plot(cmap="viridis")
    DenoisingDisplay.from_predictions(X, X, feature_names=reducer.feature_names_in_)
    FeatureContributionDisplay.from_estimator(detector, X, rows=[0, 1]).plot(n_features=3)
    FeatureContributionDisplay.from_predictions(X, X)
    FiltersDisplay.from_estimator(reducer, X, n_filters=2, kind="bars", ax=ax).plot(cmap="gray")
    LatentSpaceDisplay.from_estimator(reducer, X, y, components=(0, 1)).plot(ax)
    LatentTraversalDisplay.from_estimator(Halves(2), X, grid=(0, 1)).plot()
    LossCurveDisplay.from_estimator(skae.Autoencoder(2).fit(X), terms=["loss"]).plot()
    display = ReconstructionDisplay.from_estimator(skae.Autoencoder(2), X, kind="bars")
    ReconstructionDisplay.from_predictions(X, X, kind="boxes")  # type: ignore[arg-type]
    ReconstructionErrorDisplay.from_estimator(detector, X, y, kind="ecdf").plot()
    ReconstructionErrorDisplay.from_predictions(X, X, log_scale=True)
    assert_type(display, ReconstructionDisplay)
    display.axes_.ravel()
    display.figure_.savefig("rows.png")
    skae.inspection.LossCurveDisplay({"loss": y}, best_epoch=1).plot(log_scale=True)


def metrics(X: Rows) -> npt.NDArray[Any]:
    assert_type(reconstruction_error(X, X, sample_weight=X[:, 0]), float)
    assert_type(reconstruction_r2_score(X, X), float)
    assert_type(reconstruction_r2_scorer(PCA(2).fit(X), X), float)
    neg_reconstruction_error_scorer.set_score_request(sample_weight=True)
    print(skae.metrics.reconstruction_error(X, X, multioutput=[0.5, 0.5]))
    images = X.reshape(-1, 16, 16, 1)
    assert_type(skae.metrics.peak_signal_noise_ratio(images, images, data_range=1.0), float)
    print(skae.metrics.structural_similarity_samples(images, images, data_range=255))
    assert_type(skae.metrics.frechet_distance(X, X, encoder=PCA(2).fit(X)), float)
    print(skae.metrics.peak_signal_noise_ratio_samples(images, images, data_range=1))
    assert_type(skae.metrics.structural_similarity(images, images, data_range=1), float)
    return reconstruction_error_samples(X, X) + reconstruction_error(X, X, multioutput="raw_values")


def drawn_to_zero(
    network: NetworkView, batch: Mapping[str, Any], scalars: Mapping[str, Any], random: RandomDraws
) -> dict[str, Any]:
    code = network.encode(batch["rows"] + scalars["level"] * random.normal((32, 4)))
    return {
        "reconstruction": network.error(batch["targets"], network.decode(code)),
        "size": network.ops.sum(code**2, axis=1),
    }


def own_objectives(X: Rows) -> skae.Autoencoder:
    updates = (Update(), Update(("size",), weights=("encoder",), rate="level"))
    objective = Objective(drawn_to_zero, ("reconstruction", "size"), updates=updates)
    skae.RecurrentAutoencoder(objective=lambda network, batch, scalars, random: batch["weights"])
    skae.ConvolutionalAutoencoder(objective="mse")  # type: ignore[arg-type]
    print(skae.objectives.Objective)
    return skae.Autoencoder(2, objective=objective, objective_params={"level": 0.1}).fit(X)


def stored(X: Rows) -> Any:
    assert_type(skae.skops_trusted(), list[str])
    skae.save(make_pipeline(PCA(2)).fit(X), "pipeline.skae", trusted=["my.Scaler", Halves])
    skae.save(PCA(), b"pipeline.skae")  # type: ignore[arg-type]
    return skae.load("pipeline.skae", trusted=[Halves])


def exported(X: Rows) -> Any:
    pipeline = make_pipeline(PCA(2)).fit(X)
    skae.to_onnx(pipeline, b"pipeline.onnx")  # type: ignore[arg-type]
    return skae.to_onnx(pipeline, "pipeline.onnx", method=["transform"], dtype="float32")


def saved_models() -> tuple[type[Exception], dict[str, type]]:
    sparse_layers = (IdleUnits, JumpReLU, KeepLargestOfBatch, UnitDense)
    layers = (
        *sparse_layers,
        Gate,
        HideMissing,
        KeepLargest,
        LastState,
        MissingWhere,
        skae.layers.Gate,
    )
    of_restoring = (Between, MarkMissing, Mirror, TakenOff)
    print(skae.exceptions.StartKeptWarning is StartKeptWarning)
    print(NetworkChangedWarning, OtherVersionWarning)
    print(PrecisionLossWarning, TrainingInterruptedWarning)
    return StartKeptWarning, {layer.__name__: layer for layer in (*layers, *of_restoring)}


def many_workers(X: Rows) -> skae.Autoencoder:
    with ThreadPoolExecutor(1) as pool:
        estimator = skae.VariationalAutoencoder(2)
        fitted = skae.distributed.fit(estimator, [X, X], executor=pool, steps_per_round=16)
        assert_type(fitted, skae.VariationalAutoencoder)
        skae.distributed.fit(estimator, [X], executor=pool, steps_per_round="all")  # type: ignore[arg-type]
    print(issubclass(skae.distributed.WorkerLostError, RuntimeError))
    executor = skae.distributed.RayExecutor(num_cpus=1)
    return skae.distributed.fit(skae.Autoencoder(2), ["a.npy"], executor=executor)


def tracked(X: Rows) -> tuple[str, list[str]]:
    return skae.tracking.log_fit(skae.Autoencoder(2).fit(X)), skae.tracking.requirements()
