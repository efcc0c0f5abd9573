"""The arguments of the command line."""

import argparse
import os
from typing import NoReturn

import skae
from skae.cli._models import known_models, table_models
from skae.cli._reading import ReadingOptions

DEFAULT_MODELS = ["pca", "autoencoder"]
DEFAULT_SIZES = [2, 4, 8, 16]
DEFAULT_FOLDS = 5
# Of so many rows other than numbers, the scores of few folds hardly vary.
# Drafts have longer names than files, which may be of 255 bytes.
_LONGEST_NAME = 230
LARGE_TABLE, FOLDS_OF_LARGE_TABLES = 20_000, 3
_HALF = "half as many as columns are used, at most 10"
_FILE = "csv, tsv, parquet, Excel, feather or JSON (lines); also packed as .gz, .bz2, .xz or .zip"
_EXAMPLES = """examples:
  skae compare FILE --target COLUMN      which model and how many components
  skae outliers FILE                     the strangest rows, and why they are
  skae impute FILE -o filled.csv         the file with its holes filled
  skae sample FILE -n 1000               new rows like those of the file
  skae fit FILE -o model.skae           a model, and then its codes of a file:
  skae transform model.skae FILE -o codes.csv

Delimiters, decimal commas, encodings, dates and the types of columns are found.
`skae COMMAND --help` lists what a command takes."""


class Parser(argparse.ArgumentParser):
    """A parser that tells a problem in one line, where argparse would print the usage first."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 for arguments that cannot be parsed."""
        self.fail(f"{message} (see {self.prog} --help)")

    def fail(self, message: str) -> NoReturn:
        """Exit with status 2 for any problem."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def make_parser() -> Parser:
    """Return the parser of the program; what it parses has `name` and `parser` of the command."""
    parser = Parser(
        prog="skae",
        description=skae.__doc__.splitlines()[0],
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skae {skae.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, add, told, description in (
        (
            "compare",
            _add_compare,
            "compare reducers on held-out rows of a table",
            "Compare reducers on held-out rows of a table: print the scores, and write "
            "comparison.csv, comparison.png, report.html and, of tables that are not all numbers, "
            "columns.csv.",
        ),
        (
            "outliers",
            _add_outliers,
            "rank rows by how odd they are, with reasons",
            "Rank the rows of a table by how odd they are, and say which values make them so: "
            "print the first, and write outliers.csv, outliers.png and report.html.",
        ),
        (
            "impute",
            _add_impute,
            "fill what is missing in a table",
            "Fill what is missing in a table and leave everything else as it is: write the table, "
            "and a page beside it that says how well hidden values are found again.",
        ),
        (
            "sample",
            _add_sample,
            "draw new rows like those of a table",
            "Draw new rows like those of a table: write them, and a page beside them that says how "
            "alike they are.",
        ),
        (
            "fit",
            _add_fit,
            "fit a model to a table and store it",
            "Fit a model to a table and store it: write the model for `skae transform` and for "
            "skae.load, and a page beside it that says how well it knows each column.",
        ),
        (
            "transform",
            _add_transform,
            "compute the codes of a table by a stored model",
            "Compute the codes of a table by a model that `skae fit` has stored: write them, and a "
            "page beside them that draws them.",
        ),
    ):
        command = commands.add_parser(name, help=told, description=description)
        command.set_defaults(name=name, parser=command)
        add(command)
    return parser


def reading_options(options: argparse.Namespace) -> ReadingOptions:
    """Return what a user said about the file."""
    return ReadingOptions(
        options.delimiter,
        options.decimal,
        options.encoding,
        options.sheet,
        options.drop,
        options.categorical,
    )


def _add_compare(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help=f"{_FILE}; or .npy or .npz; default: digits of scikit-learn",
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
    _add_seed(command)
    command.add_argument(
        "-o",
        "--output",
        default="skae-comparison",
        type=_parse_path,
        metavar="DIR",
        help="default: skae-comparison",
    )
    _add_reading(command)


def _add_outliers(command: argparse.ArgumentParser) -> None:
    _add_file(command)
    command.add_argument(
        "-n",
        "--n-rows",
        type=_parse_count,
        default=20,
        metavar="N",
        help="rows to print and to show in the page; default: 20",
    )
    _add_target(command, "a column to leave out of what rows are judged by")
    _add_model(command, components=_HALF)
    command.add_argument(
        "-o",
        "--output",
        default="skae-outliers",
        type=_parse_path,
        metavar="DIR",
        help="default: skae-outliers",
    )
    _add_reading(command)


def _add_impute(command: argparse.ArgumentParser) -> None:
    _add_file(command)
    _add_target(command, "a column that is neither filled nor used to fill others")
    _add_model(command, components="10, or as many as columns are used")
    _add_output_file(command, "the table", "the name of FILE with -filled in it")
    _add_reading(command)


def _add_sample(command: argparse.ArgumentParser) -> None:
    _add_file(command)
    command.add_argument(
        "-n",
        "--n-rows",
        type=_parse_count,
        default=1000,
        metavar="N",
        help="rows to draw; default: 1000",
    )
    command.add_argument(
        "--given",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="a value that all rows are to have; may be repeated",
    )
    _add_target(
        command, "a column to predict: by drawn rows as well as by real ones? The page says"
    )
    _add_model(command)
    _add_output_file(command, "the rows", "the name of FILE with -synthetic in it")
    _add_reading(command)


def _add_fit(command: argparse.ArgumentParser) -> None:
    _add_file(command)
    _add_target(command, "a column to leave out, for instance to be predicted from the codes")
    _add_model(command, components=_HALF)
    command.add_argument(
        "--checkpoint",
        type=_parse_path,
        metavar="PATH",
        help="keep training in this file, to go on by the same command if it is killed",
    )
    _add_output_file(command, "the model", "model.skae")
    _add_reading(command)


def _add_transform(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="a file of `skae fit`, skae.save or skops")
    _add_file(command)
    _add_output_file(command, "the codes", "the name of FILE with -codes in it, as csv")
    # Which columns are used, and as what, the model knows.
    command.set_defaults(drop=[], categorical=[])
    _add_file_options(command.add_argument_group("the table"))


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help=_FILE)


def _add_target(command: argparse.ArgumentParser, told: str) -> None:
    command.add_argument("--target", metavar="COLUMN", help=told)


def _add_model(
    command: argparse.ArgumentParser, components: str = "as many as columns are used, at most 32"
) -> None:
    command.add_argument(
        "--model",
        type=_parse_table_model,
        metavar="NAME",
        help=f"default: variationalautoencoder; known: {', '.join(table_models())}",
    )
    command.add_argument(
        "--components",
        type=_parse_count,
        metavar="N",
        help=f"numbers that a row is squeezed into; default: {components}",
    )
    _add_seed(command)


def _add_seed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--random-state", type=_parse_seed, default=0, metavar="N", help="default: 0"
    )


def _add_output_file(command: argparse.ArgumentParser, what: str, default: str) -> None:
    command.add_argument(
        "-o",
        "--output",
        type=_parse_path,
        metavar="FILE",
        help=f"where to write {what}; default: {default}",
    )


_READING = (
    ("--delimiter", "what separates values of a text file, such as ';' or 'tab'; default: found"),
    ("--decimal", "its decimal sign, '.' or ','; default: found"),
    ("--encoding", "its encoding, such as utf-8 or latin-1; default: found"),
    ("--sheet", "the sheet of a workbook; default: the first"),
)


def _add_reading(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("the table")
    group.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN,...",
        help="columns to leave out",
    )
    group.add_argument(
        "--categorical",
        action="append",
        default=[],
        metavar="COLUMN,...",
        help="columns of numbers that are codes, such as postal codes",
    )
    _add_file_options(group)


def _add_file_options(group: argparse._ArgumentGroup) -> None:
    types = {"--delimiter": _parse_delimiter, "--decimal": _parse_decimal}
    for name, told in _READING:
        group.add_argument(name, type=types.get(name, str), metavar=name[2:].upper(), help=told)


def _parse_path(text: str) -> str:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a file or directory")
    longest = max(len(os.fsencode(part)) for part in text.replace(os.sep, "/").split("/"))
    if longest > _LONGEST_NAME:
        raise argparse.ArgumentTypeError(
            f"{text[:20]}... has a part of {longest} bytes, and names have {_LONGEST_NAME} at most"
        )
    return text


def _parse_delimiter(text: str) -> str:
    delimiter = {"tab": "\t", "\\t": "\t", "space": " "}.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\n\r.':
        raise argparse.ArgumentTypeError(
            f"{text!r} is not one character that can separate values, such as ',', ';' or 'tab'"
        )
    return delimiter


def _parse_decimal(text: str) -> str:
    if text not in (".", ","):
        raise argparse.ArgumentTypeError(f"{text!r} is neither '.' nor ','")
    return text


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


def _parse_count(text: str) -> int:
    return _parse_number(text, 1, 10**7)


def _parse_seed(text: str) -> int:
    return _parse_number(text, 0, 2**32 - 1)


def _parse_number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def _parse_table_model(text: str) -> str:
    return _known(text.strip().lower(), list(table_models()))


def _parse_names(text: str) -> list[str]:
    known = list(known_models())
    names = [_known(name.strip().lower(), known) for name in text.split(",")]
    return list(dict.fromkeys(names))


def _known(name: str, known: list[str]) -> str:
    if name not in known:
        raise argparse.ArgumentTypeError(f"{name!r} is not a model; choose from {', '.join(known)}")
    return name
