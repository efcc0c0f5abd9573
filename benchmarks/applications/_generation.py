"""What samples of a density over the code are worth: as training rows, and for rare classes."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

from benchmarks._family import digits, epochs, row, seeds, shown
from skae import Autoencoder, VariationalAutoencoder
from skae.applications import LatentSampler

N_COMPONENTS, N_SAMPLES, N_RARE = 16, 3000, 10


def samples_teach(options):
    """No bar: the same measure as that of the variational autoencoder."""
    train, test, y_train, y_test = digits()
    labeller = KNeighborsClassifier(1).fit(train, y_train)
    models = {
        "VAE": lambda seed: VariationalAutoencoder(
            N_COMPONENTS, random_state=seed, **epochs(options)
        ),
        "LatentSampler(PCA)": lambda seed: LatentSampler(PCA(N_COMPONENTS), random_state=seed),
        "LatentSampler(Autoencoder)": lambda seed: LatentSampler(
            Autoencoder(N_COMPONENTS, **epochs(options)), random_state=seed
        ),
    }
    accuracies = {name: [] for name in models}
    for name, model in models.items():
        for seed in seeds(options, 3):
            samples = model(seed).fit(train).sample(N_SAMPLES, random_state=seed)
            classifier = KNeighborsClassifier(5).fit(samples, labeller.predict(samples))
            accuracies[name].append(classifier.score(test, y_test))
    ours = accuracies.pop("LatentSampler(Autoencoder)")
    real = KNeighborsClassifier(5).fit(train, y_train).score(test, y_test)
    yield row(
        "samples, digits, 16 components: accuracy of a classifier trained on them",
        shown(ours, "{:.3f}"),
        ", ".join(f"{name} {np.mean(values):.3f}" for name, values in accuracies.items())
        + f", real rows {real:.3f}",
        "(printed)",
        True,
    )


def rare_classes(options):
    """No bar: each class in turn has ten rows."""
    train, test, y_train, y_test = digits()

    def accuracy(X, y, **parameters):
        classifier = LogisticRegression(max_iter=2000, **parameters).fit(X, y)
        return balanced_accuracy_score(y_test, classifier.predict(test))

    results = {name: [] for name in ("augmented", "as they are", "class weights", "PCA")}
    for rare in range(2 if options.quick else 10):
        kept = np.sort(np.r_[np.flatnonzero(y_train != rare), few_of(y_train, rare)])
        X, y = train[kept], y_train[kept]
        results["as they are"].append(accuracy(X, y))
        results["class weights"].append(accuracy(X, y, class_weight="balanced"))
        for name, reducer in (
            ("augmented", Autoencoder(N_COMPONENTS, **epochs(options))),
            ("PCA", PCA(N_COMPONENTS)),
        ):
            sampler = LatentSampler(reducer, random_state=0).fit(X)
            results[name].append(accuracy(*sampler.augment(X, y, random_state=0)))
    means = {name: np.mean(values) for name, values in results.items()}
    ours = means.pop("augmented")
    yield row(
        f"augmentation, digits, one class of {N_RARE} rows: balanced accuracy",
        f"{ours:.4f}",
        ", ".join(f"{name} {value:.4f}" for name, value in means.items()),
        "(printed)",
        True,
    )


def few_of(y, label):
    rng = np.random.default_rng(label)
    return rng.permutation(np.flatnonzero(y == label))[:N_RARE]


MEASURES = [samples_teach, rare_classes]
