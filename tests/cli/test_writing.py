"""Files with some cells filled are else as they were; tables go where a name says."""

import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skae.cli._filling import filled_bytes
from skae.cli._reading import ReadingOptions, read_source
from skae.cli._writing import output_path, page_beside, table_bytes


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def fill(name, values, **options):
    """Fill cells of a file, given by column as rows and values, and return what is written."""
    source = read_source(name, ReadingOptions(**options))
    filled = {
        column: (np.array(rows), pd.Series(fillings)) for column, (rows, fillings) in values.items()
    }
    return filled_bytes(source, filled, Path(name))


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("a,b\n1,x\n,y\n3,\n", {"a": ([1], [2]), "b": ([2], ["x"])}, "a,b\n1,x\n2,y\n3,x\n"),
        ("a,b\n1.50,x\n,y\n", {"a": ([1], [2.0])}, "a,b\n1.50,x\n2.00,y\n"),
        ("a;b\n1,5;x\nNA;y\n", {"a": ([1], [2.25])}, "a;b\n1,5;x\n2,2;y\n"),
        ("a\tb\n1\tx\n\ty\n2\tz\n", {"a": ([1], [7])}, "a\tb\n1\tx\n7\ty\n2\tz\n"),
        (
            "sep=;\na;b\n1;x\n;y\n3;z\n",
            {"a": ([1], [2])},
            "sep=;\na;b\n1;x\n2;y\n3;z\n",
        ),
        (
            '"",a,b\n0,1,"x, y"\n1,,y\n2,3,z\n',
            {"a": ([1], [2])},
            '"",a,b\n0,1,"x, y"\n1,2,y\n2,3,z\n',
        ),
        ("a,b\r\n1,x\r\n,y\r\n3,z\r\n", {"a": ([1], [2])}, "a,b\r\n1,x\r\n2,y\r\n3,z\r\n"),
        ("1,x\n,y\n3,z\n", {"column 0": ([1], [2])}, "1,x\n2,y\n3,z\n"),
        (
            "when,b\n31.12.2020,1\n,2\n01.02.2021,3\n",
            {"when": ([1], [pd.Timestamp("2021-01-05")])},
            "when,b\n31.12.2020,1\n05.01.2021,2\n01.02.2021,3\n",
        ),
        (
            "a;b\n1.234;0,5\n;1,5\n12.345;2,5\n1;3,5\n",
            {"a": ([1], [5432.0])},
            "a;b\n1.234;0,5\n5.432;1,5\n12.345;2,5\n1;3,5\n",
        ),
        ("a,b\nTRUE,1\n,2\nFALSE,3\n", {"a": ([1], [True])}, "a,b\nTRUE,1\nTRUE,2\nFALSE,3\n"),
        (
            '"a","b"\n"1","x, ""y"\n"","y"\n"3",NA\n\n"4","z"',
            {"a": ([1], [2]), "b": ([2], ["y"])},
            '"a","b"\n"1","x, ""y"\n"2","y"\n"3",y\n\n"4","z"',
        ),
        (
            'a,b\n1,"two\nlines"\n,"two\nlines"\n3,\n',
            {"a": ([1], [2]), "b": ([2], ["two\nlines"])},
            'a,b\n1,"two\nlines"\n2,"two\nlines"\n3,"two\nlines"\n',
        ),
        ("a,b,c\n1,x,2\n3,y\n5,z,6\n", {"c": ([1], [4])}, "a,b,c\n1,x,2\n3,y,4\n5,z,6\n"),
        ("a b\n1 x\nNA y\n3 z\n", {"a": ([1], [2])}, "a b\n1 x\n2 y\n3 z\n"),
        ("a,b\n 1 , x\n,y\n3,z\n", {"a": ([1], [2])}, "a,b\n 1 , x\n2,y\n3,z\n"),
    ],
)
def test_a_text_file_changes_where_it_is_filled_alone(before, values, after):
    Path("t.csv").write_bytes(before.encode())
    assert fill("t.csv", values).decode() == after


def test_codes_keep_their_zeros():
    Path("t.csv").write_text("zip,b\n0100,x\n,y\n0100,z\n0200,z\n")
    content = fill("t.csv", {"zip": ([1], ["0100"])})
    assert content.decode().splitlines()[2] == "0100,y"


def test_truth_and_signs_are_written_as_they_were():
    text = "a,b,c\nTRUE,$1200,-5%\nFALSE,$7,12%\n"
    Path("t.csv").write_text(text)
    source = read_source("t.csv")
    assert source.frame.to_numpy().tolist() == [[True, 1200.0, -5.0], [False, 7.0, 12.0]]
    assert table_bytes(source.frame, Path("u.csv"), source).decode() == text
    plain = table_bytes(source.frame, Path("u.tsv"), source).decode()
    assert plain.splitlines()[1] == "TRUE\t1200.0\t-5.0"


def test_the_encoding_and_the_mark_stay():
    before = "größe,b\n1,ü\n,y\n3,z\n"
    for encoding in ("utf-8-sig", "latin-1", "utf-16"):
        Path("t.csv").write_bytes(before.encode(encoding))
        content = fill("t.csv", {"größe": ([1], [2])})
        assert content == before.replace("\n,y", "\n2,y").encode(encoding)


def test_a_packed_file_is_packed_again():
    Path("t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n,y\n3,z\n"))
    content = fill("t.csv.gz", {"a": ([1], [2])})
    assert gzip.decompress(content) == b"a,b\n1,x\n2,y\n3,z\n"


def test_a_text_file_may_become_one_of_another_kind():
    Path("t.csv").write_text("a;b;c\n1,5;x;5\n;y;6\n3,5;z;7\n")
    source = read_source("t.csv", ReadingOptions(drop=["b"]))
    values = {"a": (np.array([1]), pd.Series([2.5]))}
    Path("t.parquet").write_bytes(filled_bytes(source, values, Path("t.parquet")))
    found = pd.read_parquet("t.parquet")
    assert found.to_dict("list") == {"a": [1.5, 2.5, 3.5], "b": ["x", "y", "z"], "c": [5, 6, 7]}


def test_dropped_columns_stay_in_the_file():
    Path("t.csv").write_text("a,b,c\n1,x,5\n,y,6\n3,z,7\n")
    content = fill("t.csv", {"a": ([1], [2])}, drop=["b"])
    assert content == b"a,b,c\n1,x,5\n2,y,6\n3,z,7\n"


@pytest.mark.parametrize("kind", ["parquet", "feather", "jsonl", "json"])
def test_other_kinds_keep_their_types(kind):
    frame = pd.DataFrame(
        {
            "a": pd.array([1, None, 3], dtype="Int64"),
            "b": pd.Categorical(["x", None, "z"]),
            "c": [0.5, np.nan, 1.5],
        }
    )
    name = f"t.{kind}"
    writers = {
        "parquet": frame.to_parquet,
        "feather": frame.to_feather,
        "jsonl": lambda path: frame.to_json(path, orient="records", lines=True),
        "json": lambda path: frame.to_json(path, orient="records"),
    }
    writers[kind](name)
    content = fill(name, {"a": ([1], [2]), "b": ([1], ["x"]), "c": ([1], [1.0])})
    Path(name).write_bytes(content)
    found = read_source(name).cells()
    assert found["a"].tolist() == [1, 2, 3]
    assert found["b"].tolist() == ["x", "x", "z"]
    if kind in ("parquet", "feather"):
        assert found.dtypes.astype(str).tolist() == ["Int64", "category", "float64"]


def test_lists_and_records_stay_and_decimals_are_filled():
    frame = pd.DataFrame(
        {
            "a": [Decimal("1.25"), None, Decimal("3.50")],
            "b": ["x", "y", "z"],
            "lists": [[1], [2, 3], None],
            "records": [{"a": 1}, {"a": 2}, None],
            "bytes": [b"\x01", None, b"\x02"],
        }
    )
    frame.to_parquet("t.parquet")
    source = read_source("t.parquet")
    assert list(source.frame) == ["a", "b"]
    assert source.notes == [
        "Left aside, as they hold lists, records or bytes: 'lists', 'records', 'bytes'."
    ]
    Path("t.parquet").write_bytes(fill("t.parquet", {"a": ([1], [2.504])}))
    found = pd.read_parquet("t.parquet")
    assert found["a"].tolist() == [Decimal("1.25"), Decimal("2.50"), Decimal("3.50")]
    assert found["lists"][1].tolist() == [2, 3]
    assert found["records"].tolist() == frame["records"].tolist()
    assert found["bytes"].tolist() == frame["bytes"].tolist()


def test_a_workbook_is_filled():
    pytest.importorskip("openpyxl")
    frame = pd.DataFrame({"a": [1.0, None, 3.0], "b": ["x", "y", None]})
    frame.to_excel("t.xlsx", sheet_name="mine", index=False)
    Path("t.xlsx").write_bytes(fill("t.xlsx", {"a": ([1], [2]), "b": ([2], ["x"])}))
    found = pd.read_excel("t.xlsx", sheet_name="mine", engine="openpyxl")
    assert found["a"].tolist() == [1, 2, 3]
    assert found["b"].tolist() == ["x", "y", "x"]


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet", "t.feather", "t.json", "t.jsonl"])
def test_a_table_goes_where_its_name_says(name):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x;y", "z"], "c": [0.5, 1.25]})
    Path(name).write_bytes(table_bytes(frame, Path(name)))
    pd.testing.assert_frame_equal(read_source(name).frame, frame, check_dtype=False)


def test_a_drawn_table_is_written_as_its_source_is():
    Path("t.csv").write_text("a;when\n1,5;31.12.2020\n2,5;01.01.2021\n")
    source = read_source("t.csv")
    drawn = pd.DataFrame({"a": [1.25], "when": [pd.Timestamp("2021-03-04")]})
    assert table_bytes(drawn, Path("u.csv"), source) == b"a;when\n1,25;04.03.2021\n"
    assert table_bytes(drawn, Path("u.tsv"), source) == b"a\twhen\n1.25\t04.03.2021\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("dir/my.table.csv", "my.table-filled.csv"),
        ("t.csv.gz", "t-filled.csv.gz"),
        ("T.PARQUET", "T-filled.parquet"),
        ("t.xls", "t-filled.xlsx"),
        ("t.zip", "t-filled.csv.zip"),
    ],
)
def test_a_name_is_made_of_that_of_the_source(source, expected):
    pytest.importorskip("openpyxl")
    assert output_path(None, source, "-filled") == Path(expected)


def test_a_page_has_the_name_of_its_file():
    assert page_beside(Path("out/my.table.csv.gz")) == Path("out/my.table.html")


@pytest.mark.parametrize("name", ["t.docx", "t", "t.xls"])
def test_a_name_that_no_table_has_is_refused(name):
    with pytest.raises(ValueError, match="expected a name that ends in one of"):
        output_path(name, "t.csv", "")


def test_the_file_that_is_read_is_not_overwritten():
    Path("t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="this is the file that is read"):
        output_path("./t.csv", "t.csv", "")
