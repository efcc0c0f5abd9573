"""What codes tell about a column that they have not seen."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._family import epochs, row, seeds, shown
from benchmarks.tables._data import WITH_TARGET, sizes, split, table, target, truth
from benchmarks.tables._one_hot import FactorAnalysis
from skae import Autoencoder, DenoisingAutoencoder, TableAutoencoder, VariationalAutoencoder

KINDS = (VariationalAutoencoder, Autoencoder, DenoisingAutoencoder)
MEAN_GAIN = 0.01


def codes(options):
    """Bars: logistic regression as good as on FAMD's components each time, better in the mean."""
    gains = {kind.__name__: [] for kind in KINDS}
    for name in WITH_TARGET:
        frame = table(name, options)
        for k in sizes(frame.drop(columns=target(name))):
            areas = {}
            for seed in seeds(options):
                parts = split(frame, seed, stratify=target(name))
                y_train, y_test = (truth(part, name) for part in parts)
                train, test = (part.drop(columns=target(name)) for part in parts)
                for label, model in models(k, seed, options).items():
                    model.fit(train)
                    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
                    classifier.fit(model.transform(train), y_train)
                    guess = classifier.predict_proba(model.transform(test))[:, 1]
                    areas.setdefault(label, []).append(roc_auc_score(y_test, guess))
            beside = np.mean(areas.pop("FAMD"))
            for label, values in areas.items():
                gains[label].append(np.mean(values) - beside)
                yield row(
                    f"{name}, codes of {label}({k}): AUROC of {target(name)}",
                    shown(values, "{:.3f}"),
                    f"FAMD {beside:.3f}",
                    ">= FAMD",
                    np.mean(values) >= beside,
                )
    for label, values in gains.items():
        what = f"codes of {label}: mean gain of AUROC over FAMD"
        holds = np.mean(values) >= MEAN_GAIN
        yield row(what, f"{np.mean(values):+.4f}", "", f">= {MEAN_GAIN}", holds)


def models(k, seed, options):
    ours = {
        kind.__name__: TableAutoencoder(kind(k, **epochs(options)), random_state=seed)
        for kind in KINDS
    }
    return {**ours, "FAMD": FactorAnalysis(k)}


MEASURES = [codes]
