"""Cells that are wrong: which rows they are in, and which columns."""

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from benchmarks._family import epochs, row, seeds, shown
from benchmarks.tables._data import table
from benchmarks.tables._one_hot import OneHot
from skae import Autoencoder, TableAutoencoder

SHARE_WRONG = 0.02
NAMES = ("penguins", "credit", "attrition", "diamonds")


def swapped_level(frame, rng):
    """In some rows, one category is another one of its column.

    Returns the frame, which rows are wrong, and for each of them the columns that are.
    """
    made, wrong = frame.copy(), chosen(len(frame), rng)
    categories = OneHot().fit(frame).levels
    columns = []
    for place in wrong:
        known = [c for c in categories if isinstance(frame.at[place, c], str)]
        column = known[rng.integers(len(known))]
        others = [level for level in categories[column] if level != frame.at[place, column]]
        made.at[place, column] = others[rng.integers(len(others))]
        columns.append({column})
    return made, wrong, columns


def disagreeing_numbers(frame, rng):
    """In some rows, one of the two most correlated numbers is that of another row.

    Either of the two counts as the column that is wrong.
    """
    numbers = frame[OneHot().fit(frame).numbers]
    correlation = np.abs(numbers.corr(method="spearman").to_numpy())
    np.fill_diagonal(correlation, 0.0)
    pair = list(numbers.columns[list(np.unravel_index(correlation.argmax(), correlation.shape))])
    wrong = chosen(len(frame), rng)
    made = frame.copy()
    made.loc[wrong, pair[0]] = frame.loc[np.roll(wrong, 1), pair[0]].to_numpy()
    return made, wrong, [set(pair)] * len(wrong)


def chosen(n_rows, rng):
    return rng.permutation(n_rows)[: max(4, round(SHARE_WRONG * n_rows))]


KINDS = {"one category swapped": swapped_level, "two numbers disagree": disagreeing_numbers}


def wrong_cells(options):
    """No bar but the isolation forest: the area under the curve of rows, and which column it is."""
    for name in NAMES:
        frame = table(name, options)
        for kind, spoil in KINDS.items():
            found = {}
            for seed in seeds(options, 3):
                made, wrong, columns = spoil(frame, np.random.default_rng(seed))
                is_wrong = np.isin(np.arange(len(made)), wrong)
                for label, model in models(seed, options).items():
                    model.fit(made)
                    cells = model.column_scores(made)
                    worst = cells.iloc[wrong].to_numpy().argmax(axis=1)
                    hits = [
                        cells.columns[place] in names
                        for place, names in zip(worst, columns, strict=True)
                    ]
                    values = found.setdefault(label, ([], [], []))
                    values[0].append(roc_auc_score(is_wrong, -model.score_samples(made)))
                    values[1].append(roc_auc_score(is_wrong, cells.to_numpy().max(axis=1)))
                    values[2].append(np.mean(hits))
                found.setdefault("forest", []).append(forest_area(made, is_wrong, seed))
            forest = np.mean(found.pop("forest"))
            yield from rows_of(f"{name}, {kind}", found, forest)


def rows_of(what, found, forest):
    for label, (rows, cells, hits) in found.items():
        beside = f"by the largest column score {np.mean(cells):.3f}, isolation forest {forest:.3f}"
        holds = max(np.mean(rows), np.mean(cells)) > forest
        text = f"{what}, {label}: AUROC of rows by score_samples"
        yield row(text, shown(rows, "{:.3f}"), beside, "best > forest", holds)
        text = f"{what}, {label}: share of wrong rows whose worst column is the wrong one"
        yield row(text, shown(hits, "{:.3f}"), "", "(printed)", True)


def models(seed, options):
    short = Autoencoder(3, **epochs(options)) if options.quick else None
    return {
        "default": TableAutoencoder(short, random_state=seed),
        "Autoencoder(5)": TableAutoencoder(Autoencoder(5, **epochs(options)), random_state=seed),
    }


def forest_area(frame, is_wrong, seed):
    X = OneHot().fit(frame).array(frame)
    forest = make_pipeline(SimpleImputer(), IsolationForest(random_state=seed)).fit(X)
    return roc_auc_score(is_wrong, -forest.score_samples(X))


MEASURES = [wrong_cells]
