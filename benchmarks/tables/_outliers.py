"""Cells that are wrong: which rows they are in, and which columns."""

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
)
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from benchmarks._family import epochs, row, seeds, shown
from benchmarks.tables._data import table
from benchmarks.tables._one_hot import OneHot
from skae import Autoencoder, ReconstructionOutlierDetector

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
    """Rows found, beside those an oracle finds that looks at the wrong column alone."""
    for name in NAMES:
        frame = table(name, options)
        for kind, spoil in KINDS.items():
            found, oracles, forests = {}, [], []
            for seed in seeds(options, 3):
                made, wrong, columns = spoil(frame, np.random.default_rng(seed))
                is_wrong = np.isin(np.arange(len(made)), wrong)
                for label, detector in detectors(seed, options).items():
                    area, hits = looked_for(detector.fit(made), made, is_wrong, wrong, columns)
                    areas, all_hits = found.setdefault(label, ([], []))
                    areas.append(area)
                    all_hits.extend(hits)
                oracles.append(oracle_area(made, wrong, columns))
                forests.append(forest_area(made, is_wrong, seed))
            yield from rows_of(f"{name}, {kind}", found, np.mean(oracles), np.mean(forests))


def looked_for(detector, made, is_wrong, wrong, columns):
    """Area under the curve of rows; of wrong rows found, whether the first column is the wrong one.

    Found are wrong rows among the highest scores, as many as there are wrong rows.
    """
    scores = -detector.score_samples(made)
    cells = detector.feature_contributions(made)
    threshold = np.sort(scores)[-len(wrong)]
    hits = [
        cells.columns[cells.loc[place].to_numpy().argmax()] in names
        for place, names in zip(wrong, columns, strict=True)
        if scores[place] >= threshold
    ]
    return roc_auc_score(is_wrong, scores), hits


def oracle_area(made, wrong, columns):
    """That of a boosted forest which is told the column to look at, and predicts it.

    Scores are its surprise, of folds held out; where either of two columns may be the wrong one,
    the better one counts. Areas of columns are weighed by how many rows are wrong there.
    """
    codes = made.assign(**{c: pd.Categorical(made[c]) for c in OneHot().fit(made).levels})
    areas = {}
    for name in {name for names in columns for name in names}:
        surprise = surprise_of(codes, name)
        here = [place for place, names in zip(wrong, columns, strict=True) if name in names]
        rows = np.setdiff1d(np.arange(len(made)), np.setdiff1d(wrong, here))
        areas[name] = roc_auc_score(np.isin(rows, here), surprise[rows]), len(here)
    if all(len(names) > 1 for names in columns):
        return max(area for area, _ in areas.values())
    found, counts = np.transpose(list(areas.values()))
    return float(np.average(found, weights=counts))


def surprise_of(codes, name):
    """How surprising the values of a column are, given the others; 0 where it has none."""
    known = np.flatnonzero(codes[name].notna())
    X, y = codes.drop(columns=name).iloc[known], codes[name].iloc[known]
    surprise = np.zeros(len(codes))
    folds = KFold(5, shuffle=True, random_state=0)
    if name not in codes.select_dtypes("category"):
        forest = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0)
        surprise[known] = np.abs(cross_val_predict(forest, X, y, cv=folds) - y)
        return surprise
    forest = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    places = np.unique(y.astype(str), return_inverse=True)[1]
    # A level that no other fold has leaves a column of zeros.
    shares = cross_val_predict(forest, X, places, cv=folds, method="predict_proba")
    surprise[known] = -np.log(np.maximum(shares[np.arange(len(known)), places], 1e-6))
    return surprise


def rows_of(what, found, oracle, forest):
    for label, (areas, hits) in found.items():
        beside = f"oracle {oracle:.3f}, isolation forest {forest:.3f}"
        text = f"{what}, {label}: AUROC of rows"
        share = np.mean(areas) / oracle
        yield row(text, shown(areas, "{:.3f}"), beside, ">= 0.85 of the oracle's", share >= 0.85)
        text = f"{what}, {label}: share of wrong rows found whose first column is the wrong one"
        value = f"{np.mean(hits):.2f} of {len(hits)}" if hits else "none found"
        yield row(text, value, "", ">= 0.8", not hits or np.mean(hits) >= 0.8)


def detectors(seed, options):
    short = Autoencoder(3, **epochs(options)) if options.quick else None
    return {
        "default": ReconstructionOutlierDetector(short, random_state=seed),
        "Autoencoder(5)": ReconstructionOutlierDetector(
            Autoencoder(5, **epochs(options)), random_state=seed
        ),
    }


def forest_area(frame, is_wrong, seed):
    X = OneHot().fit(frame).array(frame)
    forest = make_pipeline(SimpleImputer(), IsolationForest(random_state=seed)).fit(X)
    return roc_auc_score(is_wrong, -forest.score_samples(X))


MEASURES = [wrong_cells]
