import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import NMF, PCA, KernelPCA, TruncatedSVD
from sklearn.manifold import Isomap, trustworthiness
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skae import Autoencoder, Comparison, VariationalAutoencoder, compare
from skae.comparison import _compare
from skae.tables import heavy_columns

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
TIMES = {"fit_seconds", "transform_seconds"}


class NeverFitted(BaseEstimator):
    def __init__(self, n_components=2):
        self.n_components = n_components

    def fit(self, X, y=None):
        raise AssertionError("a fit began before the checks had ended")

    transform = inverse_transform = fit


class Width(PCA):
    """Fails with its parameters, so that a test sees what it was given."""

    def fit(self, X, y=None):
        raise RuntimeError(f"{self.n_components} {self.random_state}")

    fit_transform = fit


@pytest.fixture(scope="module")
def comparison():
    reducers = {"pca": PCA(), "svd": TruncatedSVD()}
    return compare(reducers, X_IRIS, Y_IRIS, n_components=(1, 2), cv=3, random_state=0)


@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, csr_array])
def test_truth_values_are_compared_as_numbers(kind):
    reducer = TruncatedSVD() if kind is csr_array else PCA()
    options = {"n_components": 1, "cv": 2, "random_state": 0}
    found = compare(reducer, kind(X_IRIS > 3), **options)
    expected = compare(reducer, kind((X_IRIS > 3).astype(float)), **options)
    for name in set(found.scores) - TIMES:
        np.testing.assert_array_equal(found.scores[name], expected.scores[name])


def test_scores_are_those_of_scikit_learn_on_the_same_folds(comparison):
    for k, (train, test) in enumerate(KFold(3, shuffle=True, random_state=0).split(X_IRIS)):
        pca = PCA(2).fit(X_IRIS[train])
        code = pca.transform(X_IRIS[test])
        squares = (X_IRIS[test] - pca.inverse_transform(code)) ** 2
        neighbours = KNeighborsClassifier().fit(pca.transform(X_IRIS[train]), Y_IRIS[train])
        expected = {
            "reconstruction_r2": 1 - squares.mean() / X_IRIS[test].var(axis=0).mean(),
            "reconstruction_error": squares.mean(),
            "accuracy": neighbours.score(code, Y_IRIS[test]),
            "trustworthiness": trustworthiness(X_IRIS[test], code),
        }
        for metric, score in expected.items():
            assert comparison.scores[metric][0, 1, k] == pytest.approx(score), metric


def test_frame_has_a_row_for_each_reducer_and_size(comparison):
    frame = comparison.to_frame()
    assert frame["reducer"].tolist() == ["pca", "pca", "svd", "svd"]
    assert frame["n_components"].tolist() == [1, 2, 1, 2]
    scores = comparison.scores["trustworthiness"]
    np.testing.assert_allclose(frame["mean_trustworthiness"], scores.mean(axis=2).ravel())
    np.testing.assert_allclose(frame["std_trustworthiness"], scores.std(axis=2).ravel())
    assert (frame["mean_fit_seconds"] > 0).all()


def test_accuracy_needs_y():
    scores = compare(PCA(), X_IRIS, n_components=1, cv=2).scores
    assert list(scores) == [
        "reconstruction_r2",
        "reconstruction_error",
        "trustworthiness",
        "fit_seconds",
        "transform_seconds",
    ]


def test_labels_may_be_strings(comparison):
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[Y_IRIS]
    reducers = {"pca": PCA(), "svd": TruncatedSVD()}
    named = compare(reducers, X_IRIS, names, n_components=(1, 2), cv=3, random_state=0)
    np.testing.assert_array_equal(named.scores["accuracy"], comparison.scores["accuracy"])


@pytest.mark.parametrize("y", [X_IRIS[:, 0], np.arange(150), np.arange(150.0) // 2])
def test_continuous_values_are_kept_for_their_colours_and_not_scored(y):
    result = compare(PCA(), X_IRIS, y, n_components=1, cv=2, random_state=0)
    assert "accuracy" not in result.scores
    _, test = next(KFold(2, shuffle=True, random_state=0).split(X_IRIS))
    np.testing.assert_array_equal(result.labels, y[test])


def test_codes_are_those_of_the_first_fold_and_the_smallest_plane():
    result = compare(PCA(), X_IRIS, Y_IRIS, n_components=(1, 2, 3), cv=3, random_state=0)
    train, test = next(KFold(3, shuffle=True, random_state=0).split(X_IRIS))
    expected = PCA(2, random_state=0).fit(X_IRIS[train]).transform(X_IRIS[test])
    np.testing.assert_allclose(result.codes["PCA"], expected)
    np.testing.assert_array_equal(result.labels, Y_IRIS[test])


def test_codes_of_one_component_where_there_is_no_other():
    result = compare(PCA(), X_IRIS, n_components=1, cv=3)
    assert result.codes["PCA"].shape == (50, 1)
    assert result.labels is None


def test_one_random_state_repeats_everything():
    runs = [
        compare(NMF(init="random", max_iter=2000), X_IRIS, n_components=2, cv=2, random_state=seed)
        for seed in (3, 3, np.random.RandomState(3))
    ]
    for metric in set(runs[0].scores) - TIMES:
        np.testing.assert_array_equal(runs[0].scores[metric], runs[1].scores[metric])
        assert runs[0].scores[metric] != pytest.approx(runs[2].scores[metric])


@pytest.mark.parametrize(
    ("reducers", "names"),
    [
        (PCA(), ["PCA"]),
        ([PCA(), PCA(whiten=True), NMF()], ["PCA", "PCA 2", "NMF"]),
        ([make_pipeline(StandardScaler(), PCA())], ["StandardScaler + PCA"]),
        ({"mine": PCA()}, ["mine"]),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_names_of_reducers(reducers, names):
    assert compare(reducers, X_IRIS, n_components=1, cv=2).reducers == names


@pytest.mark.parametrize(
    "reducer",
    [
        Width(),
        make_pipeline(StandardScaler(), Width()),
        make_pipeline(PCA(4), Width(), FunctionTransformer()),
        make_pipeline(StandardScaler(), make_pipeline(Width())),
    ],
)
def test_size_and_random_state_reach_the_last_step_that_has_them(reducer):
    with pytest.raises(RuntimeError, match=r"^3 7\n") as raised:
        compare({"wide": reducer}, X_IRIS, n_components=3, cv=2, random_state=7)
    assert raised.value.__notes__ == ["This happened in compare: wide, 3 components, fold 1 of 2."]


def test_without_a_random_state_reducers_keep_theirs():
    with pytest.raises(RuntimeError, match=r"^1 5\n"):
        compare(Width(random_state=5), X_IRIS, n_components=1, cv=2)


def test_reducers_are_left_as_they_are():
    pca = PCA(3)
    compare(pca, X_IRIS, n_components=1, cv=2, random_state=0)
    assert pca.get_params() == PCA(3).get_params()
    assert not hasattr(pca, "components_")


def test_cv_may_be_a_splitter():
    cv = ShuffleSplit(4, test_size=0.2, random_state=0)
    scores = compare(PCA(), X_IRIS, n_components=1, cv=cv).scores
    assert scores["fit_seconds"].shape == (1, 1, 4)


def test_callback_counts_the_fits():
    calls = []
    compare(
        {"pca": PCA()},
        X_IRIS,
        n_components=(1, 2),
        cv=2,
        callback=lambda *call: calls.append(call),
    )
    assert calls == [
        (0, 4, "pca, 1 components, fold 1 of 2"),
        (1, 4, "pca, 1 components, fold 2 of 2"),
        (2, 4, "pca, 2 components, fold 1 of 2"),
        (3, 4, "pca, 2 components, fold 2 of 2"),
        (4, 4, "done"),
    ]


def test_trustworthiness_looks_at_the_same_few_rows_for_every_reducer(monkeypatch):
    seen = []

    def record(X, code, **options):
        seen.append(X)
        return trustworthiness(X, code, **options)

    monkeypatch.setattr(_compare, "MAX_TRUSTWORTHINESS_ROWS", 20)
    monkeypatch.setattr(_compare, "trustworthiness", record)
    compare([PCA(), TruncatedSVD()], X_IRIS, n_components=1, cv=2, random_state=0)
    assert [len(X) for X in seen] == [20] * 4
    np.testing.assert_array_equal(seen[0], seen[2])


def test_small_folds_use_the_neighbours_they_have():
    X = np.random.default_rng(0).normal(size=(9, 3))
    scores = compare(PCA(), X, np.arange(9) % 2, n_components=1, cv=3, n_neighbors=50).scores
    assert np.isfinite(list(scores.values())).all()


def test_sparse_rows():
    X, y = load_digits(n_class=3, return_X_y=True)
    dense, sparse = (
        compare(TruncatedSVD(), rows, y, n_components=2, cv=2, random_state=0)
        for rows in (X, csr_array(X))
    )
    for metric in set(dense.scores) - TIMES:
        np.testing.assert_allclose(dense.scores[metric], sparse.scores[metric], rtol=1e-6)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_reducers_may_return_frames(container):
    scores = [
        compare(reducer, X_IRIS, Y_IRIS, n_components=2, cv=2, random_state=0).scores["accuracy"]
        for reducer in (PCA(), PCA().set_output(transform=container))
    ]
    np.testing.assert_array_equal(*scores)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_autoencoder_beside_pca():
    autoencoder = Autoencoder(hidden_layer_sizes=(4,), max_iter=2)
    result = compare([PCA(), autoencoder], X_IRIS, Y_IRIS, n_components=2, cv=2, random_state=0)
    assert result.reducers == ["PCA", "Autoencoder"]
    assert np.isfinite(list(result.scores.values())).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 5}, r"n_components=5 .* 4 features and 100 training.*at most 4"),
        ({"n_components": (2, 0)}, r"n_components=\(2, 0\) must be .* 1 or more"),
        ({"n_components": 0.9}, "n_components=0.9 must be"),
        ({"n_components": True}, "n_components=True must be"),
        ({"n_components": ()}, r"n_components=\(\) must be"),
        ({"cv": 60}, "cv=.* leaves a fold of 2 held-out rows out of 150.*fewer folds"),
        ({"n_neighbors": 0}, "n_neighbors=0 must be an integer"),
        ({"y": Y_IRIS[1:]}, "inconsistent numbers of samples"),
        (
            {"y": np.where(Y_IRIS == 1, np.nan, 0.5)},
            "y misses 50 of 150 values",
        ),
        ({"X": np.full((9, 4), np.nan)}, "X contains NaN"),
        ({"reducers": []}, "reducers is empty"),
        ({"reducers": [KernelPCA()]}, "fit_inverse_transform=False and cannot reconstruct"),
        (
            {
                "reducers": [
                    make_pipeline(StandardScaler(), VariationalAutoencoder(conditional=True))
                ]
            },
            "VariationalAutoencoder with conditional=True does not say the class",
        ),
    ],
)
def test_values_are_refused_before_any_fit(arguments, message):
    defaults = {"reducers": NeverFitted(), "X": X_IRIS, "n_components": 2, "cv": 3}
    with pytest.raises(ValueError, match=message):
        compare(**{**defaults, **arguments})


@pytest.mark.parametrize(
    ("reducer", "message"),
    [
        (PCA, r"reducers\['PCA'\].* pass an instance"),
        ("pca", r"reducers\['str'\].*'pca', not an estimator"),
        (Isomap(), "Isomap has no inverse_transform"),
        (StandardScaler(), r"reducers\['StandardScaler'\] has no parameter n_components"),
    ],
)
def test_what_is_not_a_reducer_is_refused(reducer, message):
    with pytest.raises(TypeError, match=message):
        compare([NeverFitted(), reducer], X_IRIS, n_components=2)


def test_plot_draws_the_means(comparison):
    assert comparison.plot("accuracy") is comparison
    assert comparison.figure_ is comparison.ax_.figure
    legend = [text.get_text() for text in comparison.ax_.get_legend().get_texts()]
    assert legend == ["pca", "svd"]
    line = comparison.ax_.containers[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), comparison.scores["accuracy"][0].mean(axis=1))


def test_curves_differ_without_colour(comparison):
    lines = [container.lines[0] for container in comparison.plot().ax_.containers]
    assert lines[0].get_marker() != lines[1].get_marker()
    assert lines[0].get_linestyle() != lines[1].get_linestyle()


def test_plot_uses_the_given_axes(comparison):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert comparison.plot("fit_seconds", ax=ax).ax_ is ax


def test_plot_refuses_a_metric_that_was_not_scored(comparison):
    with pytest.raises(ValueError, match=r"metric='speed' was not scored.*'accuracy'"):
        comparison.plot("speed")


def test_rows_that_are_images_are_drawn_as_images():
    X, _ = load_digits(n_class=2, return_X_y=True)
    result = compare({"pca": PCA()}, X, n_components=4, cv=2, random_state=0)
    figure = result.plot_reconstructions().figure_
    images = [image for ax in figure.axes for image in ax.images]
    assert len(images) == 16
    _, test = next(KFold(2, shuffle=True, random_state=0).split(X))
    np.testing.assert_array_equal(images[0].get_array(), X[test[0]].reshape(8, 8))


def test_other_rows_are_drawn_as_bars_with_their_names(comparison):
    names = ["a", "$b$", r"$\nonsense$", "d"]
    figure = comparison.plot_reconstructions(feature_names=names).figure_
    figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert labels == ["a", r"\$b\$", r"\$\nonsense\$", "d"]
    assert len(figure.axes[0].patches) == 4


def rare(value=0.1, n_rows=60):
    """Rows whose last column but one is different in one row only, and whose last never."""
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [rng.normal(size=(n_rows, 3)), np.full(n_rows, value), np.full(n_rows, 0.3)]
    )
    # Not among the rows held out first.
    X[next(KFold(3, shuffle=True, random_state=0).split(X))[0][0], 3] += 1
    return X


def heights_and_points(comparison):
    axes = comparison.plot_reconstructions().figure_.axes
    bars = [[bar.get_height() for bar in ax.patches] for ax in axes]
    points = [
        line.get_ydata() for ax in axes for line in ax.get_lines() if len(line.get_ydata()) > 2
    ]
    return np.array(bars), np.array(points)


@pytest.mark.parametrize("convert", [np.asarray, csr_array])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_deviations_are_those_of_all_rows(value, convert):
    X = rare(value)
    comparison = compare({"svd": TruncatedSVD()}, convert(X), n_components=2, cv=3, random_state=0)
    np.testing.assert_allclose(comparison.feature_means, X.mean(axis=0))
    np.testing.assert_allclose(comparison.feature_deviations, [*X.std(axis=0)[:4], 0])


@pytest.mark.parametrize("reducer", [PCA(), TruncatedSVD(), Autoencoder(max_iter=1)])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_column_that_rarely_varies_does_not_blow_up_the_picture(reducer, unit):
    X = unit * rare()
    result = compare({"it": reducer}, X, n_components=2, cv=3, random_state=0)
    bars, points = heights_and_points(result)
    deviations = (result.originals - X.mean(axis=0))[:4, :4] / X.std(axis=0)[:4]
    np.testing.assert_allclose(bars[:, :4], deviations)
    np.testing.assert_allclose(bars[:, 4], 0, atol=1e-9)
    assert np.abs(points).max() < 10


def test_a_column_that_is_rarely_huge_is_heavy_and_hides_no_other():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 10))
    X[:, 3] = 0
    X[:4, 3] = 1e6
    assert heavy_columns(X).places.tolist() == [3]
    X[:, 7] *= 1e3
    assert heavy_columns(X).places.tolist() == [3, 7]
    assert heavy_columns(X).n_columns == 10
    # As large as the others, it is in the same units.
    X[:4, 3] = 3
    assert heavy_columns(X).places.tolist() == [7]


def test_heavy_columns_are_those_of_all_rows():
    X = np.random.default_rng(0).normal(size=(60, 6))
    _, test = next(KFold(3, shuffle=True, random_state=0).split(X))
    X[:, 2] *= 1000
    X[test, 2] = 0
    result = compare({"pca": PCA()}, X, n_components=1, cv=3, random_state=0)
    assert list(result.heavy_columns) == [2]
    assert list(compare(PCA(), csr_array(X), n_components=1, cv=3).heavy_columns) == [2]


def test_codes_are_drawn_side_by_side_with_one_legend(comparison):
    figure = comparison.plot_codes(target_name="species").figure_
    assert [ax.get_title() for ax in figure.axes] == ["pca", "svd"]
    assert figure.axes[0].get_legend() is None
    legend = figure.axes[1].get_legend()
    assert legend.get_title().get_text() == "species"
    assert [text.get_text() for text in legend.get_texts()] == ["0", "1", "2"]
    for ax, name in zip(figure.axes, comparison.reducers, strict=True):
        points = np.concatenate([drawn.get_offsets() for drawn in ax.collections])
        assert {tuple(point) for point in points} == {tuple(row) for row in comparison.codes[name]}


def test_codes_of_a_continuous_target_share_a_colour_bar():
    reducers = {"pca": PCA(), "svd": TruncatedSVD()}
    result = compare(reducers, X_IRIS, X_IRIS[:, 0], n_components=3, cv=2)
    figure = result.plot_codes(target_name="length").figure_
    assert [ax.get_ylabel() for ax in figure.axes[2:]] == ["length"]
    np.testing.assert_array_equal(figure.axes[0].collections[0].get_array(), result.labels)


def test_codes_use_the_given_figure_and_as_many_rows_as_it_takes():
    from matplotlib.figure import Figure

    reducers = {name: PCA() for name in "abcd"}
    figure = Figure()
    result = compare(reducers, X_IRIS, n_components=2, cv=2)
    assert result.plot_codes(figure=figure).figure_ is figure
    assert [ax.get_title() for ax in figure.axes] == list("abcd")
    assert figure.axes[3].get_subplotspec().rowspan.start == 1


def test_rare_classes_are_drawn_together():
    # Classes 0 to 29, of which the last has the fewest rows.
    y = np.repeat(np.arange(30), 5)[:149]
    named = np.array([f"class {i}" for i in [*y, 0]], dtype=object)
    result = compare(PCA(), X_IRIS, named, n_components=2, cv=2, random_state=0)
    legend = result.plot_codes().figure_.axes[0].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    assert len(texts) == 20
    assert "others" in texts


def test_without_codes_there_is_nothing_to_draw():
    scores = {"reconstruction_r2": np.ones((1, 1, 2))}
    bare = Comparison(["pca"], [2], scores, X_IRIS[:1], {"pca": X_IRIS[:1]}, 0, 1)
    with pytest.raises(ValueError, match=r"codes=None.*or let compare\(\) make it"):
        bare.plot_codes()


def test_comparison_can_be_pickled_and_shows_what_it_compared(comparison):
    copy = pickle.loads(pickle.dumps(comparison))
    assert isinstance(copy, Comparison)
    first = "Comparison(reducers=['pca', 'svd'], n_components=[1, 2], n_folds=3)"
    assert repr(copy).splitlines()[0] == first


@pytest.mark.parametrize(
    ("library", "method"),
    [
        ("pandas", "to_frame"),
        ("matplotlib", "plot"),
        ("matplotlib", "plot_codes"),
        ("matplotlib", "plot_reconstructions"),
    ],
)
def test_a_missing_library_is_named_with_the_way_to_install_it(
    library, method, comparison, monkeypatch
):
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf'{library}.* pip install "skae\[compare\]"'):
        getattr(comparison, method)()


@pytest.mark.parametrize(
    ("reducers", "baseline"),
    [
        ({"pca": PCA(), "svd": TruncatedSVD()}, "pca"),
        ([make_pipeline(StandardScaler(), PCA()), TruncatedSVD()], "StandardScaler + PCA"),
        ({"PCA": TruncatedSVD()}, None),
    ],
)
def test_pca_is_known_by_what_it_is_and_not_by_its_name(reducers, baseline):
    comparison = compare(reducers, X_IRIS, n_components=1, cv=2, random_state=0)
    assert comparison.baseline == baseline
    assert (f"{baseline} is enough" in comparison.recommend()) == (baseline is not None)
