"""Why not just use something else? The same autoencoder, by every peer of this library.

    python -m benchmarks.peers [--quick] [--write] [--redraw] [--skae] [--keras] ...

Naming peers leaves the others out. Every peer is optional and reported as absent where it is not
installed. The samples of a whole run are saved; ``--redraw`` reads them instead of measuring, and
``--write`` writes what the documentation shows.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._harness import ROOT, option_parser, print_table
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
    with TemporaryDirectory(dir=folder, prefix=".peers") as drafts:
        draft(results, Path(drafts))
        for path in Path(drafts).iterdir():
            path.replace(folder / path.name)


def draft(results, folder):
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


def measured(chosen, is_quick):
    plan = QUICK if is_quick else Plan()
    return run(chosen, plan, lambda line: print(line, file=sys.stderr, flush=True))


def main(argv=None):
    flags = [(f"--{peer.key}", f"only {peer.name}, and others named so") for peer in PEERS]
    write_flag = ("--write", "write the tables and the picture of the documentation")
    redraw_flag = ("--redraw", "do not measure: read the samples of the last whole run")
    parser = option_parser(__doc__, write_flag, redraw_flag, *flags)
    options = parser.parse_args(argv)
    chosen = [peer for peer in PEERS if getattr(options, peer.key.replace("-", "_"))]
    is_whole = not options.quick and not chosen
    if (options.write or options.redraw) and not is_whole:
        parser.error("--write and --redraw are of a whole run: leave out --quick and the peers")
    results = Results.load(SAMPLES) if options.redraw else measured(chosen or PEERS, options.quick)
    if is_whole and not options.redraw:
        results.save(SAMPLES)
    show(results)
    if options.write:
        write(results, DOCS)


if __name__ == "__main__":
    main()
