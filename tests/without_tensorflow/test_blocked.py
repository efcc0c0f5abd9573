"""Everything stored loads and scores where Keras, TensorFlow or both are not installed."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skae import Autoencoder, load
from skae.backend._surroundings import check_installed
from skae.cli._needs import needs_packages

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("score_golden.py")


def run(*options):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


# One with an optimizer of Keras, and what holds autoencoders.
SOME = ["Autoencoder.partial_fit", "AutoencoderClassifier", "TableAutoencoder", "pipeline"]


@pytest.mark.slow
def test_what_is_stored_scores_and_what_needs_keras_is_refused():
    done = run("--block", "keras", "tensorflow")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "files scored without keras or tensorflow" in done.stdout


@pytest.mark.slow
def test_it_is_the_same_where_keras_is_installed_without_tensorflow():
    done = run("--block", "tensorflow", "--only", *SOME)
    assert done.returncode == 0, done.stdout + done.stderr
    n_files = len(
        [path for name in SOME for path in (ROOT / "tests/golden").glob(f"*/{name}.skae")]
    )
    assert f"{n_files} files scored without keras or tensorflow" in done.stdout


@pytest.mark.slow
def test_what_is_shown_and_copied_imports_no_keras_where_it_is_installed():
    code = (
        "import runpy, sys; "
        f"shared = runpy.run_path({str(SCRIPT)!r}); "
        "[shared['check_shown'](path) for path in map(shared['Path'], sys.argv[1:])]; "
        "print({'keras', 'tensorflow'} & set(sys.modules))"
    )
    golden = ROOT / "tests" / "golden"
    paths = [str(next(golden.glob(f"*/{name}.skae"))) for name in SOME]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *paths],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "set()\n"


def test_an_installation_that_is_too_large_fails(tmp_path, monkeypatch):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_bytes(bytes(2_000_000))
    monkeypatch.setattr("sysconfig.get_path", lambda name: {"purelib": tmp_path}[name])
    monkeypatch.setattr("sys.meta_path", sys.meta_path.copy())
    main = runpy.run_path(str(SCRIPT))["main"]
    assert main(["--most-megabytes", "1"]) == 1
    assert main(["--most-megabytes", "3"]) == 0


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (["keras"], "need keras, which is not installed"),
        (["tensorflow"], "need tensorflow, which is not installed"),
        (["keras", "tensorflow"], "need keras and tensorflow, which are not installed"),
    ],
)
def test_what_lacks_is_named(lacking, said, monkeypatch):
    for name in lacking:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"{said}; pip install \"skae\[train\]\""):
        check_installed()
    with pytest.raises(ImportError, match=said):
        Autoencoder().fit(np.eye(9))


@pytest.mark.slow
def test_commands_that_fit_say_what_to_install(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n" + "\n".join(f"{i},{i % 7}" for i in range(30)))
    code = (
        "import runpy, sys; "
        f"sys.meta_path.insert(0, runpy.run_path({str(SCRIPT)!r})['Blocker'](['tensorflow'])); "
        "from skae.cli import main; sys.exit(main(['outliers', 'rows.csv']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode not in (0, None)
    assert 'pip install "skae[train]"' in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("lacking", "fits", "said"),
    [
        (
            ["jinja2", "rich", "keras", "tensorflow"],
            True,
            "^jinja2, rich, keras and tensorflow are not installed; "
            r'pip install "skae\[train,tables\]"$',
        ),
        (["keras"], True, r'^keras is not installed; pip install "skae\[train\]"$'),
        (["jinja2", "keras"], False, r'^jinja2 is not installed; pip install "skae\[tables\]"$'),
    ],
)
def test_commands_name_all_that_they_need(lacking, fits, said, monkeypatch):
    for name in lacking:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=said):
        needs_packages(fits=fits)


def test_encoding_a_file_needs_nothing_that_fits_need(monkeypatch):
    for name in ("keras", "tensorflow", "rich"):
        monkeypatch.setitem(sys.modules, name, None)
    needs_packages(fits=False)


@pytest.mark.parametrize("ask", ["sample", "inverse_transform"])
def test_a_table_says_that_its_frames_need_pandas(ask, monkeypatch):
    table = load(next((ROOT / "tests" / "golden").glob("*/TableAutoencoder.skae")))
    given = 2 if ask == "sample" else np.zeros((2, table.n_components_))
    monkeypatch.setitem(sys.modules, "pandas", None)
    said = r'frame of pandas needs pandas, which is not installed; pip install "skae\[compare\]"'
    with pytest.raises(ImportError, match=said):
        getattr(table, ask)(given)


def test_names_are_listed_without_building_models(monkeypatch):
    path = next((ROOT / "tests" / "golden").glob("*/Autoencoder.skae"))
    autoencoder = load(path)
    monkeypatch.setattr(
        "skae.backend.models_in_input_units", lambda *given: pytest.fail("models were built")
    )
    assert {"encoder_", "decoder_", "loss_curve_", "pca_mean_"} <= set(dir(autoencoder))
    assert "encoder_" not in dir(Autoencoder())
    assert "loss_curve_" in autoencoder._repr_html_()
