"""The arguments of the command line."""

import argparse
from typing import NoReturn

import skae
from skae.cli._models import known_models

DEFAULT_MODELS = ["pca", "autoencoder"]
DEFAULT_SIZES = [2, 4, 8, 16]
DEFAULT_FOLDS = 5
# Of so many rows other than numbers, the scores of few folds hardly vary.
LARGE_TABLE, FOLDS_OF_LARGE_TABLES = 20_000, 3


class Parser(argparse.ArgumentParser):
    """A parser that tells a problem in one line, where argparse would print the usage first."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 for arguments that cannot be parsed."""
        self.fail(f"{message} (see {self.prog} --help)")

    def fail(self, message: str) -> NoReturn:
        """Exit with status 2 for any problem."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def make_parsers() -> tuple[Parser, Parser]:
    """Return the parser of the program and that of its one command."""
    parser = Parser(prog="skae", description=skae.__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"skae {skae.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    command = commands.add_parser(
        "compare",
        help="compare reducers on held-out rows of a table",
        description="Compare reducers on held-out rows of a table: print the scores, and write "
        "comparison.csv, comparison.png and report.html, and columns.csv of tables that are not "
        "all numbers.",
    )
    _add_arguments(command)
    return parser, command


def _add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file", nargs="?", metavar="FILE", help=".csv, .parquet, .npy or .npz; default: digits"
    )
    command.add_argument(
        "--target", metavar="COLUMN", help="the column of class labels, or of numbers to colour by"
    )
    command.add_argument(
        "--components",
        type=_parse_sizes,
        metavar="N,N,...",
        help="numbers of components; default: those of 2,4,8,16 that the table has room for",
    )
    command.add_argument(
        "--models",
        type=_parse_names,
        default=DEFAULT_MODELS,
        metavar="NAME,...",
        help=f"default: {','.join(DEFAULT_MODELS)}; known: {', '.join(known_models())}; of tables "
        "that are not all numbers pca, which is factor analysis of mixed data, and autoencoders",
    )
    command.add_argument(
        "--scale",
        action="store_true",
        help="standardise every column first, for columns in different units; those of tables "
        "that are not all numbers count alike anyway",
    )
    command.add_argument(
        "--folds",
        type=_parse_folds,
        metavar="N",
        help=f"2 or more; default: {DEFAULT_FOLDS}, or fewer where there are few rows; "
        f"{FOLDS_OF_LARGE_TABLES} of tables with more than {LARGE_TABLE:,} rows that are not all "
        "numbers",
    )
    command.add_argument(
        "--random-state", type=_parse_seed, default=0, metavar="N", help="default: 0"
    )
    command.add_argument(
        "--output", default="skae-comparison", metavar="DIR", help="default: skae-comparison"
    )


def _parse_sizes(text: str) -> list[int]:
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of whole numbers of 1 or more, such as 2,4,8"
        )
    return sizes


def _parse_folds(text: str) -> int:
    return _parse_number(text, 2, 10**6)


def _parse_seed(text: str) -> int:
    return _parse_number(text, 0, 2**32 - 1)


def _parse_number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def _parse_names(text: str) -> list[str]:
    names = [name.strip().lower() for name in text.split(",")]
    known = known_models()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is not a model; choose from {', '.join(known)}"
        )
    return list(dict.fromkeys(names))
