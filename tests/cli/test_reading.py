"""Tables of files of any kind, read as what they are."""

import bz2
import gzip
import json
import lzma
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skae.cli._reading import ReadingOptions, _content, read_source
from skae.cli._reading._dialect import find_dialect

TEXT = "name,size,when\n" + "".join(
    f"{name},{size},{day:02d}/13/2020\n"
    for name, size, day in zip(
        "abcabcab", [1.5, 2, 3.25, 4, 5, 6.5, 7, 8], range(1, 9), strict=True
    )
)


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def frame():
    n = np.arange(12)
    return pd.DataFrame(
        {
            "kind": np.array(["oak", "elm", "ash"])[n % 3],
            "height": n * 1.25 + 0.5,
            "rings": n + 40,
        }
    )


def read(path, text=None, **options):
    if text is not None:
        Path(path).write_text(text, encoding="utf-8")
    return read_source(path, ReadingOptions(**options))


def assert_same(source, frame):
    pd.testing.assert_frame_equal(source.frame, frame, check_dtype=False, check_column_type=False)


@pytest.mark.parametrize(
    ("separator", "called"),
    [(",", ""), (";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (" ", "spaces")],
)
def test_the_delimiter_is_found(separator, called, frame):
    frame.to_csv("t.csv", sep=separator, index=False)
    source = read("t.csv")
    assert_same(source, frame)
    expected = [f"Values are separated by {called}."] if called else []
    assert source.notes == expected


def test_decimal_commas_between_semicolons_are_found(frame):
    frame.to_csv("t.csv", sep=";", decimal=",", index=False)
    source = read("t.csv")
    assert_same(source, frame)
    assert "Numbers have decimal commas." in source.notes


def test_decimal_commas_of_quoted_numbers_are_found(frame):
    frame.to_csv("t.csv", decimal=",", index=False)
    assert_same(read("t.csv"), frame)


def test_commas_in_text_are_no_delimiters():
    rows = "".join(f"{i};a, b;{i},5\n" for i in range(9))
    source = read("t.csv", "x;note;y\n" + rows)
    assert source.frame["note"].tolist() == ["a, b"] * 9
    assert source.frame["y"].tolist() == [i + 0.5 for i in range(9)]


def test_a_hint_for_excel_is_no_row(frame):
    Path("t.csv").write_text("sep=;\n" + frame.to_csv(sep=";", index=False))
    assert_same(read("t.csv"), frame)


def test_what_is_said_of_a_file_is_done():
    source = read("t.csv", "a|b\n1,5|x;1\n2,5|y;2\n", delimiter="|", decimal=",")
    assert source.frame["a"].tolist() == [1.5, 2.5]
    assert source.frame["b"].tolist() == ["x;1", "y;2"]
    assert source.notes == []


@pytest.mark.parametrize(
    ("texts", "numbers", "said"),
    [
        (["1,234", "12,345", "1,234,567"], [1234, 12345, 1234567], "parted by commas"),
        (["1,234.5", "2.25", "1,000"], [1234.5, 2.25, 1000], "parted by commas"),
        (["1.234,5", "2,25", "1.000"], [1234.5, 2.25, 1000], "parted by points and decimal"),
        (["1 234", "12", "1 000 000"], [1234, 12, 1000000], "parted by spaces"),
        (["1'234.5", "12", "7.5"], [1234.5, 12, 7.5], "parted by apostrophes"),
    ],
)
def test_thousands_are_numbers(texts, numbers, said):
    pd.DataFrame({"amount": texts * 3, "kind": ["x", "y", "z"] * 3}).to_csv("t.csv", index=False)
    source = read("t.csv")
    assert source.frame["amount"].tolist() == numbers * 3
    assert said in " ".join(source.notes)


@pytest.mark.parametrize(
    ("texts", "numbers", "said"),
    [
        (["$1,647.97", "$12.00", "-$3.50"], [1647.97, 12, -3.5], "'$' before them and thousands"),
        (["€ 12", "€ 7", "€ -1"], [12, 7, -1], "numbers with '€' before them"),
        (["5%", "12%", "-7%"], [5, 12, -7], "numbers with '%' after them"),
        (["1.234,50 EUR", "2,00 EUR", "3,25 EUR"], [1234.5, 2, 3.25], "'EUR' after them and"),
    ],
)
def test_money_and_percents_are_numbers_and_written_again(texts, numbers, said):
    pd.DataFrame({"amount": texts * 3, "kind": ["x", "y", "z"] * 3}).to_csv("t.csv", index=False)
    source = read("t.csv")
    assert source.frame["amount"].tolist() == numbers * 3
    assert said in " ".join(source.notes)
    assert [source.formats["amount"].write(number) for number in numbers] == texts


@pytest.mark.parametrize("texts", [["$5", "€5"], ["$5", "5"], ["5%", "5 apples"]])
def test_values_of_several_signs_are_text(texts):
    pd.DataFrame({"amount": texts * 3, "n": range(6)}).to_csv("t.csv", index=False)
    assert read("t.csv").frame["amount"].tolist() == texts * 3


@pytest.mark.parametrize("sign", ["-", "--", ".", "?"])
def test_signs_of_nothing_beside_numbers_are_missing(sign):
    texts = [sign if i == 7 else f"{i}.5" for i in range(40)]
    levels = ["a", sign] * 20
    days = [sign if i == 7 else f"2020-01-{i % 28 + 1:02d}" for i in range(40)]
    pd.DataFrame({"x": texts, "k": levels, "d": days}).to_csv("t.csv", index=False)
    source = read("t.csv")
    assert source.frame["x"].isna().to_numpy().nonzero()[0].tolist() == [7]
    assert source.frame["d"].isna().to_numpy().nonzero()[0].tolist() == [7]
    assert source.frame["k"].tolist() == levels
    assert f"{sign!r} beside other values read as missing: 'x', 'd'." in source.notes


def test_numbers_of_one_length_that_begin_with_0_are_codes():
    rows = "".join(f"{code},{n},{n}\n" for code, n in [("07302", "01"), ("10001", "1"), ("", "2")])
    source = read("t.csv", "zip,n,m\n" + rows)
    assert source.frame["zip"].tolist()[:2] == ["07302", "10001"]
    assert source.frame["zip"].isna().tolist() == [False, False, True]
    assert source.frame["n"].tolist() == [1, 1, 2]
    assert source.notes == [
        "Read as categories, since their numbers begin with 0 as codes do: 'zip'."
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_the_encoding_is_found(encoding, frame):
    named = frame.assign(kind=["Höhe", "Größe", "Übermaß"] * 4)
    named.to_csv("t.csv", index=False, encoding=encoding)
    source = read("t.csv")
    assert_same(source, named)
    is_guess = encoding in ("latin-1", "cp1252")
    assert ("--encoding says otherwise" in " ".join(source.notes)) == is_guess


def test_other_scripts_are_found_without_a_mark(frame):
    words = ["деревянный дом за рекой", "старый дуб на холме", "молодая берёза в поле"]
    named = frame.assign(kind=words * 4)
    named.to_csv("t.csv", index=False, encoding="cp1251")
    assert_same(read("t.csv"), named)


def test_the_encoding_can_be_said(frame):
    named = frame.assign(kind=["Ł", "Ż", "Ś"] * 4)
    named.to_csv("t.csv", index=False, encoding="iso8859_2")
    assert_same(read("t.csv", encoding="iso8859_2"), named)


def test_rows_without_names_are_not_lost(frame):
    frame.to_csv("t.csv", index=False, header=False)
    source = read("t.csv")
    assert_same(source, frame.set_axis(["column 0", "column 1", "column 2"], axis=1))
    assert "The first line holds values and no names" in source.notes[0]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["a", "b"], ["1", "2"], ["3", "4"]], ("a", "b")),
        ([["1", "2"], ["3", "4"], ["5", "1"]], ("1", "2")),  # they rise, as years do
        ([["2.5", "2"], ["3", "4"], ["5", "1"]], None),
        ([["x", "2"], ["y", "4"], ["z", "1"]], None),
        ([["kind", "2019"], ["y", "4"], ["z", "1"]], None),
        ([["x", "y"], ["y", "x"], ["x", "x"], ["y", "y"]], None),
        ([["kind", "when"], ["y", "2020-01-01"], ["y", "2020-01-02"]], ("kind", "when")),
        ([["y", "2020-01-03"], ["y", "2020-01-01"], ["y", "2020-01-02"]], None),
        ([["a", "?"], ["b", "NA"], ["c", ""]], ("a", "?")),
    ],
)
def test_a_line_of_names_is_unlike_those_below(rows, names):
    text = "\n".join(",".join(row) for row in rows)
    assert find_dialect(text, delimiter=",").names == names


def test_files_of_r_name_rows_and_not_their_column():
    lines = ['"size" "kind"'] + [f'"row {i}" {i}.5 "k{i % 2}"' for i in range(8)]
    source = read("t.txt", "\n".join(lines))
    assert list(source.frame) == ["size", "kind"]
    assert source.frame["size"].tolist() == [i + 0.5 for i in range(8)]
    assert source.labels.tolist() == [f"row {i}" for i in range(8)]


def test_a_delimiter_at_the_end_of_lines_is_no_column():
    source = read("t.csv", "a,b\n" + "".join(f"{i},{i % 3},\n" for i in range(8)))
    assert source.frame["a"].tolist() == list(range(8))
    assert list(source.frame) == ["a", "b"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("%Y-%m-%d", "year-month-day"),
        ("%d.%m.%Y", "day.month.year"),
        ("%m/%d/%Y", "month/day/year"),
        ("%d %b %Y", "day month year"),
        ("%Y-%m-%d %H:%M:%S", "year-month-day hours:minutes:seconds"),
        ("%Y-%m-%dT%H:%M:%S", "as ISO 8601 has them"),
    ],
)
def test_dates_of_one_format_are_dates(form, said):
    days = pd.Series(pd.date_range("2020-01-05", periods=30, freq="3D"))
    texts = days.dt.strftime(form)
    texts[3] = None
    pd.DataFrame({"when": texts, "x": range(30)}).to_csv("t.csv", index=False)
    source = read("t.csv")
    assert source.notes == [f"Read as dates, {said}: 'when'."]
    expected = days.mask(days.index == 3)
    np.testing.assert_array_equal(
        source.frame["when"].to_numpy("M8[s]"), expected.to_numpy("M8[s]")
    )


def test_dates_of_two_formats_are_text():
    source = read("t.csv", "when,x\n2020-01-01,1\n1.2.2020,2\n")
    assert source.frame["when"].tolist() == ["2020-01-01", "1.2.2020"]
    assert source.notes == []


@pytest.mark.parametrize(("delimiter", "month"), [(",", 1), (";", 2)])
def test_either_order_of_a_date_is_that_of_the_neighbours(delimiter, month):
    source = read("t.csv", f"when{delimiter}x\n01/02/2020{delimiter}1\n03/04/2020{delimiter}2\n")
    assert source.frame["when"].dt.month[0] == month
    assert "month" in source.notes[-1]


def test_whole_numbers_with_holes_stay_whole():
    source = read("t.csv", "a,b\n1,x\n,y\n3,x\n")
    assert str(source.frame["a"].dtype) == "Int64"


def test_none_is_a_level_among_text_and_missing_among_numbers():
    source = read("t.csv", "x,masonry\n1.5,None\nNone,Stone\n2.5,\n")
    assert source.frame["masonry"].tolist()[:2] == ["None", "Stone"]
    assert source.frame.isna().sum().tolist() == [1, 1]
    assert source.frame["x"].sum() == 4


def test_columns_that_are_called_categories_are():
    source = read("t.csv", "zip,b\n1000,x\n,y\n2000,x\n", categorical=["zip"])
    assert source.frame["zip"].cat.categories.tolist() == ["1000", "2000"]


def test_columns_are_dropped_one_by_one_or_with_commas():
    source = read("t.csv", 'a,"b,c",d,e,f\n1,2,3,4,5\n2,4,4,5,6\n', drop=["b,c", "d, e"])
    assert list(source.frame) == ["a", "f"]


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zip"])
def test_packed_files_are_unpacked(packing, frame):
    text = frame.to_csv(index=False).encode()
    if packing == ".zip":
        with zipfile.ZipFile("t.csv.zip", "w") as archive:
            archive.writestr("inside.csv", text)
            archive.writestr("readme.md", "no table")
    else:
        Path(f"t.csv{packing}").write_bytes(PACKERS[packing](text))
    assert_same(read(f"t.csv{packing}"), frame)


def test_a_packed_file_need_not_say_so(frame):
    Path("t.csv").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    assert_same(read("t.csv"), frame)


@pytest.mark.parametrize("kind", ["parquet", "feather", "json", "jsonl"])
def test_other_kinds_hold_the_same(kind, frame):
    writers = {
        "parquet": lambda path: frame.to_parquet(path),
        "feather": lambda path: frame.to_feather(path),
        "json": lambda path: frame.to_json(path, orient="records"),
        "jsonl": lambda path: frame.to_json(path, orient="records", lines=True),
    }
    writers[kind](f"t.{kind}")
    assert_same(read(f"t.{kind}"), frame)


@pytest.mark.parametrize("orient", ["list", "dict"])
def test_json_may_hold_columns(orient, frame):
    Path("t.json").write_text(json.dumps(frame.to_dict(orient)))
    source = read("t.json")
    np.testing.assert_array_equal(source.frame.to_numpy(), frame.to_numpy())


def test_a_stream_of_arrow_is_read(frame):
    import pyarrow as pa

    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_stream("t.arrow", table.schema) as stream:
        stream.write_table(table)
    assert_same(read("t.arrow"), frame)


def test_categories_of_parquet_stay(frame):
    frame.astype({"kind": "category"}).to_parquet("t.parquet")
    assert str(read("t.parquet").frame["kind"].dtype) == "category"


def test_a_sheet_is_told_and_can_be_named(frame):
    pytest.importorskip("openpyxl")
    with pd.ExcelWriter("t.xlsx") as book:
        frame.to_excel(book, sheet_name="trees", index=False, startrow=2, startcol=1)
        frame.assign(rings=1).to_excel(book, sheet_name="others", index=False)
    source = read("t.xlsx")
    assert_same(source, frame)
    assert source.notes == ["Sheet 'trees' of 2 was read; --sheet names another."]
    assert read("t.xlsx", sheet="others").frame["rings"].eq(1).all()
    with pytest.raises(
        ValueError, match=r"--sheet 'none' is not a sheet of t.xlsx; it has 'trees'"
    ):
        read("t.xlsx", sheet="none")


def test_an_old_workbook_is_read(frame):
    xlwt = pytest.importorskip("xlwt")
    pytest.importorskip("python_calamine")
    book = xlwt.Workbook()
    sheet = book.add_sheet("trees")
    for row, values in enumerate([list(frame), *frame.values.tolist()]):
        for column, value in enumerate(values):
            sheet.write(row, column, value)
    book.save("t.xls")
    assert_same(read("t.xls"), frame)


def spoilt(name):
    """Write a file that is none, and return its name."""
    whole = pd.DataFrame({"a": range(300), "b": ["x", "y", "z"] * 100})
    cut = {
        "cut.csv.gz": lambda: gzip.compress(whole.to_csv(index=False).encode()),
        "cut.parquet": lambda: whole.to_parquet(),
    }
    if name in cut:
        content = cut[name]()
        Path(name).write_bytes(content[: len(content) // 2])
    elif name.startswith("noise"):
        Path(name).write_bytes(np.random.default_rng(0).bytes(2000))
    return name


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("none.csv", None, "none.csv: no such file; check the path"),
        ("t.docx", "x", "expected a file whose name ends in one of .csv, .txt"),
        ("empty.csv", "", "it is empty"),
        ("blank.csv", "\n\n \n", "it is empty"),
        ("names.csv", "a,b\n", "there are 0 rows and 2 columns"),
        ("twice.csv", "a,b,a\n1,2,3\n1,2,4\n", "several columns are named 'a'"),
        ("long.csv", "a,b\n1,2\n3,4\n5,6,7\n", "Expected 2 fields in line 4, saw 3"),
        ("noise.csv", None, "it holds bytes that no text has"),
        ("noise.parquet", None, "damaged, cut off, or of another kind"),
        ("noise.json", None, "is it really a .json file?"),
        ("noise.csv.gz", None, "is it really a .gz file?"),
        ("noise.csv.zip", None, "is it really a .zip file?"),
        ("cut.csv.gz", None, "the file is damaged or cut off"),
        ("cut.parquet", None, "damaged, cut off"),
        ("t.json", "3", "expected a list of records"),
        ("t.json", '[{"a": 1}, 2]', "expected a list of records"),
        ("t.json", '{"a": [1, 2], "b": [1]}', "expected a list of records"),
        ("t.jsonl", '{"a": 1}\n{"a"', "line 2 is no JSON"),
    ],
)
def test_what_is_no_table_is_refused(name, text, expected):
    if text is not None:
        Path(name).write_text(text)
    with pytest.raises(ValueError, match=re.escape(expected)):
        read_source(spoilt(name))


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zip"])
def test_what_unpacks_to_far_more_is_refused(packing, monkeypatch):
    for name, size in (("_LARGE", 10_000), ("_CHUNK", 1_000)):
        monkeypatch.setattr(_content, name, size)
    text = b"a,b\n" + b"1,2\n" * 100_000
    if packing == ".zip":
        with zipfile.ZipFile("t.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("t.csv", text)
    else:
        Path(f"t.csv{packing}").write_bytes(PACKERS[packing](text))
    with pytest.raises(ValueError, match=r"unpacked, its .* MB are .* MB, more than a packed"):
        read(f"t.csv{packing}")


def test_a_directory_is_refused():
    Path("t.csv").mkdir()
    with pytest.raises(ValueError, match="this is a directory; name a file in it"):
        read_source("t.csv")


def test_a_file_of_another_kind_than_its_name_says_is_refused(frame):
    frame.to_parquet("t.csv")
    with pytest.raises(ValueError, match=r"it begins as a \.parquet file does"):
        read_source("t.csv")


def test_equal_names_in_parquet_are_refused():
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_arrays([[1, 2], [3, 4]], names=["a", "a"]), "t.parquet")
    with pytest.raises(ValueError, match=r"several columns are named 'a'"):
        read("t.parquet")


def test_an_archive_of_several_tables_is_refused():
    with zipfile.ZipFile("t.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(ValueError, match=r"it has 2 \('a.csv', 'b.csv'\); unpack it"):
        read_source("t.zip")


def test_numbers_among_which_some_are_text_are_refused():
    rows = [f"{i}.5" for i in range(40)]
    rows[7] = "unknown"
    pd.DataFrame({"x": rows, "k": ["a", "b"] * 20}).to_csv("t.csv", index=False)
    with pytest.raises(ValueError, match=r"row 7 of 'x' holds 'unknown'.*--categorical 'x'"):
        read("t.csv")
    assert read("t.csv", categorical=["x"]).frame["x"].cat.categories.size == 40
    assert list(read("t.csv", drop=["x"]).frame) == ["k"]


def test_a_few_levels_may_be_numbers_and_text():
    source = read("t.csv", "n,x\n" + "".join(f"{n},1\n" for n in ["0", "1", "2", "3+"] * 4))
    assert source.frame["n"].tolist() == ["0", "1", "2", "3+"] * 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"sheet": "a"}, r"--sheet 'a': t.csv is of kind text, for which it says nothing"),
        ({"drop": ["size,colour"]}, r"--drop 'colour' is not a column of t.csv"),
        ({"categorical": ["Name"]}, r"--categorical 'Name' .*; did you mean 'name'\?"),
        ({"delimiter": ",", "decimal": ","}, r"--delimiter and --decimal are both ','"),
        ({"encoding": "klingon"}, r"--encoding 'klingon': no such encoding"),
        ({"encoding": "hex"}, r"--encoding 'hex': this is no encoding of text"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, expected):
    with pytest.raises(ValueError, match=expected):
        read("t.csv", TEXT, **options)


def test_what_is_not_text_in_an_encoding_is_refused():
    Path("t.csv").write_bytes("a,b\nü,1\n".encode("latin-1"))
    with pytest.raises(ValueError, match="cannot be read as utf-8"):
        read("t.csv", encoding="utf-8")


def test_a_missing_package_is_named(monkeypatch, frame):
    frame.to_parquet("t.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'pip install "skae\[tables\]"'):
        read("t.parquet")
