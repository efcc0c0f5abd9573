"""Held-out reconstruction error against PCA at equal ``n_components``, and what each kind is for.

    python -m benchmarks.quality [--quick] [--family] [--small]

Every estimator keeps its defaults: only ``n_components`` and ``random_state`` are set, and for the
linear autoencoder ``hidden_layer_sizes=()``. Errors are squared errors a row; five seeds, one split
with a quarter of the rows held out. Digits are pixels / 16, the other sets are standardised.
The second table is of ten small and noisy tables that no default was chosen on. Each seed has a
split of its own, as a single row can have half of the error of one, and there are as many as hold
out 500 rows together, five at least. ``--small`` shows that alone, ``--family`` what each kind is
for.
"""

import warnings
from itertools import islice, product
from statistics import geometric_mean, median

import numpy as np
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks import _family
from benchmarks._harness import parse_options, report
from benchmarks._small_tables import small_tables
from skae import Autoencoder, DenoisingAutoencoder
from skae.exceptions import StartKeptWarning

COLUMNS = ("what", "components", "PCA", "skae", "median", "worst seed", "bar", "ok")
SETS = {
    "digits": (2, 4, 8, 16),
    "breast_cancer": (2, 5),
    "wine": (2, 5),
    "diabetes": (2, 5),
    "iris": (1, 2),
}
SEEDS = range(5)
# Rows that all splits of a small table together hold out, at least.
_N_HELD_OUT = 500

MEAN_BAR, MEDIAN_BAR, WORST_BAR = 0.68, 1.02, 1.02
OTHERS_MEAN_BAR, OTHERS_BAR, GRID_GAIN = 0.80, 1.00, 0.97
LINEAR_BAR = 0.005


def split(name):
    X = getattr(datasets, f"load_{name}")().data
    if name == "digits":
        return train_test_split(X / 16, test_size=0.25, random_state=0)
    return standardised_split(X, 0)


def standardised_split(X, seed):
    """A quarter of the rows held out, without columns that are constant in the others."""
    train, test = train_test_split(X, test_size=0.25, random_state=seed)
    varies = train.std(axis=0) > 0
    scaler = StandardScaler().fit(train[:, varies])
    return scaler.transform(train[:, varies]), scaler.transform(test[:, varies])


def held_out_error(estimator, train, test):
    """Squared error a row, by the methods that PCA has too."""
    codes = estimator.fit(train).transform(test)
    return ((estimator.inverse_transform(codes) - test) ** 2).sum(axis=1).mean()


def quiet_error(estimator, train, test):
    """The same, without warnings of kept starts, which the rows of a table count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StartKeptWarning)
        return held_out_error(estimator, train, test)


def ratios(options, **parameters):
    """For each set and each number of components: PCA's error and ours over it, by seed."""
    for name, all_components in SETS.items():
        train, test = split(name)
        for k in all_components[:1] if options.quick else all_components:
            pca = held_out_error(PCA(k), train, test)
            seeds = SEEDS[:1] if options.quick else SEEDS
            models = [Autoencoder(k, **parameters, random_state=seed) for seed in seeds]
            yield name, k, pca, [held_out_error(ae, train, test) / pca for ae in models]


def default_network(options):
    """Bars: median of the seeds in each row, the worst seed, the geometric mean of all rows."""
    collected = []
    for name, k, pca, values in ratios(options):
        collected.append(values)
        middle, worst = median(values), max(values)
        holds = middle <= MEDIAN_BAR and worst <= WORST_BAR
        bar = f"<= {MEDIAN_BAR:.2f}, worst <= {WORST_BAR:.2f}"
        yield row(name, k, pca, middle, worst, bar, holds)
    middle = geometric_mean(median(values) for values in collected)
    overall = geometric_mean(value for values in collected for value in values)
    yield mean_row("geometric mean of medians", middle)
    yield mean_row("geometric mean of all", overall)


def other_tables(options):
    """Bars: no median above PCA's error, and 0.80 of it in the geometric mean of all rows.

    And less than a tenth of the fits may keep the start at PCA where a recipe of a grid, judged by
    the rows held out, leaves 3 % less than PCA; all tables count alike.
    """
    collected, shares_lost = [], []
    for name, X in islice(small_tables(), 2 if options.quick else None):
        n_splits = max(len(SEEDS), -(-4 * _N_HELD_OUT // len(X)))
        seeds = range(1 if options.quick else n_splits)
        splits = [standardised_split(X, seed) for seed in seeds]
        # As many components as columns leave nothing.
        for k in (2, 5) if splits[0][0].shape[1] > 5 else (2,):
            of_pca, of_skae, n_kept, n_lost = [], [], 0, 0
            for seed, (train, test) in zip(seeds, splits, strict=True):
                model = Autoencoder(k, random_state=seed)
                of_pca.append(held_out_error(PCA(k), train, test))
                of_skae.append(quiet_error(model, train, test))
                if model.best_epoch_ == 0:
                    n_kept += 1
                    n_lost += min(grid_errors(k, train, test)) < GRID_GAIN * of_pca[-1]
            shares_lost.append(n_lost / len(seeds))
            values = np.divide(of_skae, of_pca).tolist()
            collected.append(median(values))
            what = f"{name}, {len(seeds)} splits"
            what += f", start kept by {n_kept}" if n_kept else ""
            bar, holds = f"<= {OTHERS_BAR:.2f}", collected[-1] <= OTHERS_BAR + 1e-6
            yield row(what, k, np.mean(of_pca), collected[-1], max(values), bar, holds)
    value = geometric_mean(collected)
    ok = "yes" if value <= OTHERS_MEAN_BAR else "NO"
    yield ["geometric mean of medians", *[""] * 3, f"{value:.4f}", "", f"<= {OTHERS_MEAN_BAR}", ok]
    share = float(np.mean(shares_lost))
    what, ok = "start kept where a grid gains 3 %: share of fits", "yes" if share < 0.1 else "NO"
    yield [what, *[""] * 3, f"{share:.4f}", "", "< 0.1", ok]


def grid_errors(k, train, test):
    """Errors of fits of three lengths, plain, with dropout and denoising."""
    recipes = (Autoencoder, {}), (Autoencoder, {"dropout": 0.1}), (DenoisingAutoencoder, {})
    n_batches = -(-len(train) // 32)
    for (cls, parameters), n_steps in product(recipes, (100, 300, 1000)):
        parameters = {**parameters, "early_stopping": False, "learning_rate": "cosine"}
        estimator = cls(k, max_iter=max(1, round(n_steps / n_batches)), **parameters)
        yield quiet_error(estimator.set_params(random_state=0), train, test)


def linear_network(options):
    """Bar: within half a percent of PCA, on every seed; the worst is the farthest from it."""
    for name, k, pca, values in ratios(options, hidden_layer_sizes=()):
        worst = max(values, key=lambda value: abs(value - 1))
        holds = abs(worst - 1) <= LINEAR_BAR
        yield row(f"{name}, linear", k, pca, median(values), worst, f"1 +- {LINEAR_BAR}", holds)


def row(name, k, pca, middle, worst, bar, holds):
    errors = [f"{pca:.4g}", f"{middle * pca:.4g}", f"{middle:.4f}", f"{worst:.4f}"]
    return [name, str(k), *errors, bar, "yes" if holds else "NO"]


def mean_row(name, value):
    ok = "yes" if value <= MEAN_BAR else "NO"
    return [name, "", "", "", f"{value:.4f}", "", f"<= {MEAN_BAR:.2f}", ok]


def main(argv=None):
    options = parse_options(
        __doc__,
        argv,
        ("--family", "only what each kind is for"),
        ("--small", "only the tables that no default was chosen on"),
    )
    chosen = [options.family, options.small]
    if not any(chosen):
        report([default_network, linear_network], options, COLUMNS)
    if options.small or not any(chosen):
        report([other_tables], options, COLUMNS)
    if options.family or not any(chosen):
        report(_family.MEASURES, options, _family.COLUMNS)


if __name__ == "__main__":
    main()
