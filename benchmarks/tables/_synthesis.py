"""What sampled rows are worth: as training rows, and whether they could be rows of the table."""

from importlib import import_module
from importlib.util import find_spec
from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks._family import epochs, row, seeds, shown
from benchmarks._harness import duration
from benchmarks.tables._data import TABLES, WITH_TARGET, split, table, target, truth
from skae import Autoencoder, TableAutoencoder, VariationalAutoencoder

LOST_BAR, KEPT_BAR = 0.02, 0.99
CLASSIFIERS = {
    "logistic regression": lambda: LogisticRegression(max_iter=2000),
    "gradient boosting": lambda: HistGradientBoostingClassifier(random_state=0),
}
PEERS = ("CTGAN", "TVAE")


def samples_teach(options):
    """Bar: in the mean over tables within 0.02 AUROC of classifiers that real rows taught."""
    lost, has_peers = {}, find_spec("ctgan") is not None
    for name in WITH_TARGET:
        frame = table(name, options)
        areas, seconds = {}, {}
        for seed in seeds(options):
            train, test = split(frame, seed, stratify=target(name))
            for label, sampled in samplers(train, seed, options, has_peers).items():
                start = perf_counter()
                rows = sampled()
                seconds.setdefault(label, []).append(perf_counter() - start)
                for kind, value in taught(rows, test, name).items():
                    areas.setdefault((label, kind), []).append(value)
        for (label, kind), values in areas.items():
            if label == "real rows":
                continue
            real = np.mean(areas["real rows", kind])
            lost.setdefault((label, kind), []).append(real - np.mean(values))
            yield row(
                f"{name}, {kind} trained on samples of {label}: AUROC",
                shown(values, "{:.3f}"),
                f"real rows {real:.3f}; {duration(np.mean(seconds[label]))} to fit and sample",
                "(printed)",
                True,
            )
    for (label, kind), values in lost.items():
        what = f"{kind} trained on samples of {label}: mean loss of AUROC"
        is_ours = label == "default"
        bar, holds = f"<= {LOST_BAR}" if is_ours else "(printed)", np.mean(values) <= LOST_BAR
        yield row(what, f"{np.mean(values):.4f}", "", bar, holds or not is_ours)
    if not has_peers:
        yield row("CTGAN and TVAE of ctgan", "absent", "", "(printed)", True)


def samplers(train, seed, options, has_peers):
    """Functions of nothing that return as many rows as the training rows are."""

    def ours(autoencoder):
        model = TableAutoencoder(autoencoder, random_state=seed).fit(train)
        return model.sample(len(train), random_state=seed)

    size = min(10, train.shape[1])
    default = VariationalAutoencoder(size, **epochs(options)) if options.quick else None
    found = {
        "real rows": lambda: train,
        "default": lambda: ours(default),
        "Autoencoder": lambda: ours(Autoencoder(size, **epochs(options))),
    }
    peers = PEERS if has_peers else ()
    return found | {peer: lambda peer=peer: of_ctgan(peer, train, options) for peer in peers}


def of_ctgan(name, train, options):
    """Samples of a peer, which refuses numbers that are missing: they are the median."""
    numbers = train.select_dtypes("number").columns
    filled = train.fillna(train[numbers].median()).fillna("missing")
    model = getattr(import_module("ctgan"), name)(**({"epochs": 2} if options.quick else {}))
    model.fit(filled, [column for column in train if column not in numbers])
    return model.sample(len(train))


def taught(rows, test, name):
    """AUROC of each classifier; one half where the rows have one class alone."""
    X, X_test = rows.drop(columns=target(name)), test.drop(columns=target(name))
    y = np.asarray(rows[target(name)] == sorted(test[target(name)].unique())[1])
    if y.all() or not y.any():
        return dict.fromkeys(CLASSIFIERS, 0.5)
    return {
        kind: roc_auc_score(
            truth(test, name), pipeline(new()).fit(X, y).predict_proba(X_test)[:, 1]
        )
        for kind, new in CLASSIFIERS.items()
    }


def pipeline(classifier):
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    filled = SimpleImputer(strategy="most_frequent", missing_values=np.nan)
    columns = make_column_transformer(
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (make_pipeline(filled, levels), make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, classifier)


def fidelity(options):
    """Bar: every value is of a level that was there, as whole as it was, and within the range."""
    for name in TABLES:
        frame = table(name, options)
        invalid = []
        for seed in seeds(options, 2):
            autoencoder = None if not options.quick else VariationalAutoencoder(3, max_iter=2)
            model = TableAutoencoder(autoencoder, random_state=seed).fit(frame)
            rows = model.sample(2000, random_state=seed)
            invalid.append(int(sum(n_invalid(rows[column], frame[column]) for column in rows)))
        total = rows.size
        what = f"{name}: values that the table could not hold, of {total:,}"
        yield row(what, shown(invalid, "{:.0f}"), "", "0", not any(invalid))


def n_invalid(made, real):
    made, known = made.dropna(), real.dropna()
    if not pd.api.types.is_numeric_dtype(real):
        return (~made.isin(known.unique())).sum()
    valid = made.between(known.min(), known.max())
    if (known == known.round()).all():
        valid &= made == made.round()
    return (~valid).sum() + (made.dtype != real.dtype) * len(made)


def dependence(options):
    """Bar: where a number decides a category, it does in 99 % of the samples."""
    kept = []
    for seed in seeds(options, 3):
        rng = np.random.default_rng(seed)
        size = rng.uniform(0, 9, 2000)
        colour = rng.choice(["red", "green", "blue"], 2000)
        frame = pd.DataFrame({"size": size, "kind": kinds(size), "colour": colour})
        autoencoder = None if not options.quick else VariationalAutoencoder(3, max_iter=2)
        rows = TableAutoencoder(autoencoder, random_state=seed).fit(frame).sample(2000, seed)
        kept.append(np.mean(np.asarray(rows["kind"]) == kinds(rows["size"].to_numpy())))
    what = "samples of which a number decides the category as in the table"
    yield row(what, shown(kept, "{:.3f}"), "", f">= {KEPT_BAR}", np.mean(kept) >= KEPT_BAR)


def kinds(size):
    """Three levels, which a number decides."""
    return np.array(["small", "medium", "large"], object)[np.minimum(size // 3, 2).astype(int)]


MEASURES = [samples_teach, fidelity, dependence]
