"""Why not just use something else? The same autoencoder, by every peer of this library.

    python -m benchmarks.peers [--quick] [--write] [--redraw] [--skae] [--keras] ...

Naming peers leaves the others out. Every peer is optional and reported as absent where it is not
installed. Samples are saved as they are taken; ``--redraw`` reads them instead of measuring, and
``--write`` writes what the documentation shows.
"""

import sys
from pathlib import Path

from benchmarks._harness import ROOT, parse_options, print_table
from benchmarks.peers import _table
from benchmarks.peers._measures import MEASURES, QUICK, Plan
from benchmarks.peers._peers import PEERS
from benchmarks.peers._results import Results, run

SAMPLES = Path(__file__).with_name("samples.json")
DOCS = ROOT / "docs"
# The page has room for half of the columns.
TIMES = MEASURES[:6]
OTHERS = MEASURES[6:]


def write(results, folder):
    """The tables as CSV and the picture, for the page of the documentation."""
    from benchmarks.peers._picture import draw

    for name, measures in (("times", TIMES), ("quality", OTHERS)):
        body = _table.rows(results, measures)
        path = folder / f"peers_{name}.csv"
        _table.write_csv(path, _table.columns(measures), [row for row in body if any(row[1:])])
    about = list(results.machine.items())
    _table.write_csv(folder / "peers_machine.csv", ["what", "used"], about)
    draw(results).savefig(folder / "peers.png", dpi=110)


def show(results):
    print(", ".join(f"{name} {value}" for name, value in results.machine.items()), end="\n\n")
    print_table(_table.columns(), _table.rows(results))
    for line in _table.errors(results):
        print(line)


def measured(options):
    chosen = [peer for peer in PEERS if getattr(options, peer.key.replace("-", "_"))] or PEERS
    plan, repeats = (QUICK, 1) if options.quick else (Plan(), sys.maxsize)

    def save(results):
        if not options.quick and chosen is PEERS:
            results.save(SAMPLES)

    return run(chosen, plan, repeats, lambda line: print(line, file=sys.stderr, flush=True), save)


def main(argv=None):
    flags = [(f"--{peer.key}", f"only {peer.name}, and others named so") for peer in PEERS]
    write_flag = ("--write", "write the tables and the picture of the documentation")
    redraw_flag = ("--redraw", "do not measure: read the samples of the last whole run")
    options = parse_options(__doc__, argv, write_flag, redraw_flag, *flags)
    results = Results.load(SAMPLES) if options.redraw else measured(options)
    show(results)
    if options.write:
        write(results, DOCS)


if __name__ == "__main__":
    main()
