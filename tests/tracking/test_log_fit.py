"""What MLflow holds of a fit, read through MLflow's own client."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.tracking import log_fit, requirements

mlflow = pytest.importorskip("mlflow")
ROOT = Path(__file__).parents[2]
X = load_digits().data[:120]
QUICK = {"n_components": 3, "hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}


@pytest.fixture(autouse=True)
def store(tmp_path):
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    yield
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="module")
def autoencoder():
    return skae.Autoencoder(**QUICK).fit(X)


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(StandardScaler(), skae.Autoencoder(**QUICK)).fit(X)


def data_of(run_id):
    return mlflow.get_run(run_id).data


def curve(run_id, name):
    logged = mlflow.MlflowClient().get_metric_history(run_id, name)
    return [one.value for one in sorted(logged, key=lambda one: one.step)]


@pytest.mark.parametrize("name", ["loss", "val_loss", "reconstruction"])
def test_a_column_of_the_history_has_a_value_for_each_epoch(autoencoder, name):
    np.testing.assert_array_equal(curve(log_fit(autoencoder), name), autoencoder.history_[name])


def test_steps_are_epochs_from_the_start_on(autoencoder):
    logged = mlflow.MlflowClient().get_metric_history(log_fit(autoencoder), "loss")
    assert sorted(one.step for one in logged) == [0, 1, 2, 3]


def test_parameters_are_those_of_get_params(autoencoder):
    expected = {name: str(value) for name, value in autoencoder.get_params().items()}
    assert data_of(log_fit(autoencoder)).params == expected


def test_the_best_loss_and_the_number_of_epochs_are_metrics(autoencoder):
    metrics = data_of(log_fit(autoencoder)).metrics
    assert metrics["best_loss"] == autoencoder.best_loss_
    assert metrics["n_iter"] == autoencoder.n_iter_ == 3


def test_tags_say_what_was_fitted(autoencoder):
    tags = data_of(log_fit(autoencoder)).tags
    assert tags["estimator_name"] == "Autoencoder"
    assert tags["estimator_class"].startswith("skae.estimators.")


def test_a_run_of_its_own_is_ended(autoencoder):
    run_id = log_fit(autoencoder)
    assert mlflow.active_run() is None
    assert mlflow.get_run(run_id).info.status == "FINISHED"


def test_an_active_run_is_used_and_left_open(autoencoder):
    with mlflow.start_run() as run:
        assert log_fit(autoencoder) == run.info.run_id
        assert mlflow.active_run().info.run_id == run.info.run_id


def test_a_run_that_has_ended_is_found_by_its_id(autoencoder):
    with mlflow.start_run() as run:
        pass
    assert log_fit(autoencoder, run_id=run.info.run_id) == run.info.run_id
    assert "loss" in data_of(run.info.run_id).metrics


def test_more_values_than_mlflow_takes_at_once():
    fitted = skae.Autoencoder(**QUICK).fit(X)
    fitted.history_ = {"epoch": np.arange(2500.0), "loss": np.linspace(1.0, 0.0, 2500)}
    np.testing.assert_array_equal(curve(log_fit(fitted), "loss"), fitted.history_["loss"])


def test_a_pipeline_has_parameters_of_its_steps_and_the_curve_of_one(pipeline):
    data = data_of(log_fit(pipeline))
    assert data.params["autoencoder__n_components"] == "3"
    assert data.params["standardscaler__with_mean"] == "True"
    assert data.metrics["best_loss"] == pipeline[-1].best_loss_


def test_the_best_of_a_search_is_logged():
    search = GridSearchCV(skae.Autoencoder(**QUICK), {"n_components": [1, 3]}, cv=2).fit(X)
    data = data_of(log_fit(search))
    assert data.params["best_n_components"] == str(search.best_params_["n_components"])
    assert data.metrics["best_loss"] == search.best_estimator_.best_loss_


def test_several_autoencoders_have_the_way_to_each_before_their_metrics(autoencoder):
    frozen = FrozenEstimator(autoencoder)
    both = ColumnTransformer([("left", frozen, slice(64)), ("right", frozen, slice(64))]).fit(X)
    metrics = data_of(log_fit(both)).metrics
    assert {"transformers/left/loss", "transformers/right/loss"} <= metrics.keys()
    assert "loss" not in metrics


def test_members_of_a_detector_are_counted(autoencoder):
    detector = skae.ReconstructionOutlierDetector(skae.Autoencoder(**QUICK)).fit(X)
    metrics = data_of(log_fit(detector)).metrics
    assert len([name for name in metrics if name.endswith("/best_loss")]) == len(detector.reducers_)


def test_autolog_of_a_pipeline_and_log_fit_share_a_run():
    mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        fitted = make_pipeline(StandardScaler(), skae.Autoencoder(**QUICK)).fit(X)
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    run_id = mlflow.last_active_run().info.run_id
    before = data_of(run_id).params
    assert before["autoencoder__n_components"] == "3"
    log_fit(fitted, run_id=run_id)
    assert data_of(run_id).params == before
    assert curve(run_id, "loss") == fitted[-1].loss_curve_


def test_other_parameters_in_one_run_are_refused(autoencoder):
    other = skae.Autoencoder(**{**QUICK, "n_components": 2}).fit(X)
    run_id = log_fit(autoencoder)
    with pytest.raises(mlflow.exceptions.MlflowException, match="n_components"):
        log_fit(other, run_id=run_id)


def test_what_has_no_epochs_is_refused():
    with pytest.raises(ValueError, match=r"This PCA holds no fitted estimator of skae.*autolog"):
        log_fit(PCA(2).fit(X))


def test_what_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        log_fit(skae.Autoencoder())


@pytest.mark.parametrize("wrong", [skae.Autoencoder, "autoencoder"])
def test_what_is_no_estimator_is_refused(wrong):
    with pytest.raises(TypeError, match=r"is not an estimator\. Pass a fitted one"):
        log_fit(wrong)


def test_without_mlflow_it_says_what_to_install(autoencoder, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ImportError, match=r'log_fit needs mlflow.*pip install "skae\[mlflow\]"'):
        log_fit(autoencoder)


def test_requirements_are_those_of_the_package_and_skops():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    expected = {line.partition(">=")[0] for line in wanted} | {"skae", "skops"}
    found = dict(line.split("==") for line in requirements())
    assert found.keys() == expected
    assert found["numpy"] == version("numpy") == np.__version__


LOAD = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("keras", "tensorflow"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Blocker())
import numpy as np
import mlflow
pipeline = mlflow.sklearn.load_model(sys.argv[1])
np.save(sys.argv[3], pipeline.transform(np.load(sys.argv[2])))
"""


@pytest.mark.slow
def test_a_logged_model_scores_where_there_is_no_tensorflow(pipeline, tmp_path):
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            pipeline,
            name="model",
            skops_trusted_types=skae.skops_trusted(),
            pip_requirements=requirements(),
        )
    asked = Path(mlflow.artifacts.download_artifacts(logged.model_uri)) / "requirements.txt"
    assert set(requirements()) <= set(asked.read_text().split())
    assert not any(name in asked.read_text() for name in ("tensorflow", "keras"))
    np.save(tmp_path / "rows.npy", X)
    files = [str(tmp_path / name) for name in ("rows.npy", "codes.npy")]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": mlflow.get_tracking_uri()}
    command = [sys.executable, "-c", LOAD, logged.model_uri, *files]
    subprocess.run(command, check=True, timeout=120, env=environment, cwd=ROOT)
    np.testing.assert_array_equal(np.load(files[1]), pipeline.transform(X))
