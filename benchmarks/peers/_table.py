"""The table: a row for each peer, a column for each measure."""

import csv
from statistics import median

from benchmarks.peers._measures import MEASURES
from benchmarks.peers._peers import BY_KEY, PEERS

REFERENCE = PEERS[0].key


def columns(measures=MEASURES):
    return ["peer", *(measure.label for measure in measures)]


def rows(results, measures=MEASURES):
    body = [[BY_KEY[key].name, *cells(results, key, measures)] for key in results.peers]
    about = {
        "spread": (spread_cell(results, measure) for measure in measures),
        "samples": (str(results.n_samples(measure.key) or "") for measure in measures),
    }
    return [*body, *([name, *line] for name, line in about.items())]


def cells(results, key, measures):
    lacking = results.peers[key]["missing"]
    if lacking:
        return [f"absent: pip install {' '.join(lacking)}", *[""] * (len(measures) - 1)]
    return [cell(results, key, measure) for measure in measures]


def cell(results, key, measure):
    if measure.key in results.peers[key]["errors"]:
        return "failed"
    value = results.median(key, measure.key)
    if value is None:
        return ""
    reference = results.median(REFERENCE, measure.key)
    if not measure.has_ratio or reference is None or key == REFERENCE:
        return measure.show(value)
    return f"{measure.show(value)} ({ratio(value / reference)})"


def ratio(value):
    return f"{value:.0f} x" if value >= 10 else f"{value:.2g} x"


def spread_cell(results, measure):
    """How far the samples of a peer lie apart: of the peer in the middle, and of the worst."""
    spreads = results.spreads(measure.key)
    return f"{100 * median(spreads):.0f} % ({100 * max(spreads):.0f} %)" if spreads else ""


def errors(results):
    """Lines that tell what failed."""
    labels = {measure.key: measure.label for measure in MEASURES}
    return [
        f"{BY_KEY[key].name}, {labels[measure]}: {error}"
        for key, entry in results.peers.items()
        for measure, error in entry["errors"].items()
    ]


def write_csv(path, header, body):
    body = [[name, *map(unbroken, cells)] for name, *cells in body]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *body])


def unbroken(cell):
    """A number with its unit on one line; a command stays as it can be pasted."""
    if not cell[:1].isdigit():
        return cell
    return cell.replace(" ", "\N{NO-BREAK SPACE}").replace("\N{NO-BREAK SPACE}(", " (")
