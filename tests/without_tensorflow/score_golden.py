"""Load and score everything that is stored, where Keras and TensorFlow are not installed.

    python tests/without_tensorflow/score_golden.py [--block NAME...] [--only FILE...]
                                                    [--most-megabytes N]

The files are those of ``tests/golden``, of every class and application, and what they answered when
they were written. ``--block`` lets an installation look as if it lacked a package, ``--only`` reads
fewer files, and ``--most-megabytes`` measures the installation instead.
"""

import argparse
import inspect
import pickle
import runpy
import sys
import sysconfig
import warnings
from importlib.util import find_spec
from pathlib import Path

NEEDED_BY_FITS = ("keras", "tensorflow")
SENTENCE = 'pip install "skae[train]"'
TESTS = Path(__file__).parents[1]


class Blocker:
    """An import hook that finds none of some packages."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def megabytes(folder):
    """Size of all files in a folder."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6


def is_installed(name):
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def check_answers(path, kept):
    """Answers of a file, of its pickle and of its skops file, against those it was stored with."""
    import numpy as np

    import skae

    estimator = skae.load(path)
    with np.load(path.with_suffix(".npz")) as stored:
        expected = dict(stored)
    copies = [estimator, pickle.loads(pickle.dumps(estimator))]
    if is_installed("skops"):
        import skops.io

        stored_by_skops = skops.io.dumps(estimator)
        found = skops.io.get_untrusted_types(data=stored_by_skops)
        of_sklearn = [name for name in found if name.startswith("sklearn.")]
        trusted = [*skae.skops_trusted(), *of_sklearn]
        copies.append(skops.io.loads(stored_by_skops, trusted=trusted))
    data = expected.pop("bytes", None)
    for copy in copies:
        assert "sk-top-container" in copy._repr_html_()
        answers = kept.answers(copy) if data is None else {"rows": copy.decode(data.tobytes())}
        assert answers.keys() == expected.keys()
        for name, value in expected.items():
            if value.dtype.kind == "f":
                np.testing.assert_allclose(answers[name], value, rtol=1e-3, atol=1e-4)
            else:
                np.testing.assert_array_equal(answers[name], value)


def check_shown(path):
    """Whatever a notebook, a search or a curious user asks of an estimator, it answers."""
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline

    import skae

    estimator = skae.load(path)
    whole = make_pipeline(estimator)
    for each in (estimator, whole, clone(estimator)):
        assert type(estimator).__name__ in repr(each)
        if hasattr(each, "_repr_html_"):
            assert type(estimator).__name__ in each._repr_html_()
            assert type(estimator).__name__ in each._repr_mimebundle_()["text/html"]
        assert "fit" in dir(each)
        parameters = each.get_params()
        assert each.set_params(**each.get_params(deep=False)) is each
        assert each.get_params().keys() == parameters.keys()
        if all(map(is_installed, NEEDED_BY_FITS)):  # or looking through all makes the models
            continue
        members = dict(inspect.getmembers(each))
        assert "fit" in members or "transform" in members
        assert not hasattr(each, "encoder_")
        assert "decoder_" not in members
    if hasattr(estimator, "set_output"):
        assert estimator.set_output(transform="default") is estimator


def refused_calls(shared):
    """Calls that need Keras, by name: on what, and what they call."""
    import skae

    X = shared["rows"]()
    y = X[:, 0] > 0
    autoencoder = skae.load(next(shared["GOLDEN"].glob("*/Autoencoder.skae")))
    classifier = skae.load(next(shared["GOLDEN"].glob("*/AutoencoderClassifier.skae")))
    for name in sorted(set(skae.__all__) - {"BatchedGridSearchCV", "TableAutoencoder"}):
        cls = getattr(skae, name, None) if name != "layers" else None
        if isinstance(cls, type) and hasattr(cls, "fit"):
            estimator = cls()
            yield f"{name}.fit", estimator, lambda estimator=estimator: estimator.fit(X, y)
    search = skae.BatchedGridSearchCV(skae.Autoencoder(), {"tol": [0.0]}, error_score="raise")
    yield "BatchedGridSearchCV.fit", search, lambda: search.fit(X)
    table = skae.TableAutoencoder()
    yield "TableAutoencoder.fit", table, lambda: table.fit(shared["table"]())
    with_optimizer = skae.load(next(shared["GOLDEN"].glob("*/Autoencoder.partial_fit.skae")))
    yield "fit, with an optimizer", with_optimizer, lambda: with_optimizer.fit(X)
    yield "fit, again", autoencoder, lambda: autoencoder.fit(X)
    yield "fit_transform", autoencoder, lambda: autoencoder.fit_transform(X)
    yield "partial_fit", autoencoder, lambda: autoencoder.partial_fit(X)
    yield "classifier.fit, again", classifier, lambda: classifier.fit(X, y)
    yield "compress", autoencoder, lambda: skae.compress(autoencoder, X=X)
    yield (
        "compare",
        autoencoder,
        lambda: skae.compare({"a": skae.Autoencoder()}, X, n_components=[2]),
    )
    yield "encoder_", autoencoder, lambda: autoencoder.encoder_
    yield "skae.layers", autoencoder, lambda: skae.layers


def check_refusal(name, estimator, call):
    """A call that needs Keras says what to install, and leaves the estimator as it was."""
    before, said = dict(vars(estimator)), "nothing"
    try:
        call()
    except (AttributeError, ImportError) as error:  # an attribute that cannot be had is none
        said = str(error)
    assert SENTENCE in said, f"{name} said {said}"
    after = vars(estimator)
    if name.startswith("BatchedGridSearchCV"):  # as scikit-learn's, it has counted its folds
        return
    assert before.keys() == after.keys(), f"{name} changed {set(before) ^ set(after)}"
    assert all(before[each] is after[each] for each in before), f"{name} changed a value"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--block", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--only", nargs="*", metavar="FILE", help="names without their ends")
    parser.add_argument("--most-megabytes", type=float, metavar="N")
    options = parser.parse_args(argv)
    sys.meta_path.insert(0, Blocker(options.block))
    if options.most_megabytes is not None:
        size = megabytes(sysconfig.get_path("purelib"))
        print(f"{size:.0f} MB installed, at most {options.most_megabytes:.0f}")
        return 0 if size <= options.most_megabytes else 1
    assert any(not is_installed(name) for name in NEEDED_BY_FITS), "Keras and TensorFlow are here"
    warnings.simplefilter("ignore")
    shared = runpy.run_path(str(TESTS / "persistence" / "shared.py"))
    paths = sorted(shared["GOLDEN"].glob("*/*.skae"))
    if options.only is not None:
        paths = [path for path in paths if path.stem in options.only]
    for path in paths:
        check_answers(path, shared["KEPT"][path.stem])
        check_shown(path)
        print(f"{path.stem}: loaded, shown, and answers as stored", flush=True)
    loaded = {name.partition(".")[0] for name in sys.modules} & set(NEEDED_BY_FITS)
    assert not loaded, f"imported: {loaded}"
    refused = [(check_refusal(*each), each[0])[1] for each in refused_calls(shared)]
    print(f"refused with what to install: {', '.join(refused)}")
    print(f"{len(paths)} files scored without {' or '.join(NEEDED_BY_FITS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
