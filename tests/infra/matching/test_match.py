"""`make match` as it is called: files, truths, what is printed and written, and bad input."""

import json

import pytest

from infra.matching.__main__ import main
from infra.matching.engine import DuckDB
from infra.matching.files import SOURCE, load

PEOPLE = """id,name,mail,born,street,zip,who,home
1,Anna Meier,anna@example.org,1970-02-03,1 Oak St,10001,a,h
2,Anna Meier,anna@example.org,1970-02-03,1 Oak St,10001,a,h
3,Bert Huber,bert@example.org,1981-05-06,9 Elm St,10002,b,i
4,Clara Graf,clara@example.org,1992-07-08,7 Mill St,10003,c,j
"""
MAP = "key=id,name=name,email=mail,born=born,street=street,postcode=zip"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def call(capsys, *asked: str) -> tuple[int, str, str]:
    code = main([*asked, "--threads", "1"])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_all_that_is_told(capsys, tmp_path, file):
    out = tmp_path / "out.json"
    code, printed, _ = call(
        capsys, "--csv", str(file), "--map", MAP, "--truth", "who", "--household", "home", "--json", str(out)
    )
    assert code == 0
    assert "persons: precision 1.0000, recall 1.0000, F1 1.0000, B-cubed 1.0000" in printed
    assert "households: precision 1.0000" in printed
    written = json.loads(out.read_text())
    assert written["counts"]["persons"] == 3
    assert [row["person"] for row in written["records"]] == ["1", "1", "3", "4"]
    assert written["persons"]["true_pairs"] == 1
    assert written["model"]["person"]["email"]
    assert all(part in written for part in ("seconds", "peak_megabytes", "dropped", "households", "statements"))


def test_without_a_key_rows_are_numbered(capsys, tmp_path, file):
    out = tmp_path / "out.json"
    code, printed, _ = call(capsys, "--csv", str(file), "--map", MAP.removeprefix("key=id,"), "--json", str(out))
    assert code == 0 and "persons: precision" not in printed
    assert json.loads(out.read_text())["records"][1]["key"] == "0000000002"


@pytest.mark.parametrize(
    ("truth", "why"),
    [
        ("id,person\n1,x\n2,x\n3,y\n", "keys and persons; the fourth is not judged"),
        ("left,right\n1,2\n", "pairs; who is in none is alone"),
        ("Left,Right\n2,1\n1,2\n", "pairs both ways"),
    ],
)
def test_a_file_of_truth(capsys, tmp_path, file, truth, why):
    (tmp_path / "truth.csv").write_text(truth)
    code, printed, _ = call(capsys, "--csv", str(file), "--map", MAP, "--truth", str(tmp_path / "truth.csv"))
    assert code == 0 and "recall 1.0000" in printed and "1 true pairs, 0 wrong" in printed, why


def test_several_files_and_another_encoding(capsys, tmp_path):
    head, *rows = PEOPLE.splitlines()
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("\n".join([head, *rows[:2]]))
    second.write_bytes("\n".join([head, *rows[2:]]).replace("Huber", "Hübner").encode("latin-1"))
    code, printed, _ = call(capsys, "--csv", f"{first},{second}", "--map", MAP)
    assert code == 0 and "records                             4" in printed


READ = {
    "a[1].csv": (PEOPLE, "no sign of a path is a pattern: beside it stands a1.csv"),
    "id=9/people.csv": (PEOPLE, "no folder is a column"),
    "one, two.csv": (PEOPLE, "a comma within a name"),
    "LOUD.CSV": (PEOPLE, "whatever case the ending has"),
    "bar.txt": (PEOPLE.replace(",", "|"), "another separator"),
}


@pytest.mark.parametrize("name", READ)
def test_the_file_that_is_named_is_read(capsys, tmp_path, name):
    (tmp_path / "a1.csv").write_text("id,name,mail,born,street,zip\n9,Wrong File,w@example.org,1970-01-01,1 A St,1\n")
    text, why = READ[name]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    out = tmp_path / "out.json"
    code, _, error = call(capsys, "--csv", str(tmp_path / name), "--map", MAP, "--json", str(out))
    assert code == 0, (why, error)
    assert [row["key"] for row in json.loads(out.read_text())["records"]] == ["1", "2", "3", "4"], why


def test_utf_16(tmp_path):
    path = tmp_path / "sheet.txt"
    path.write_text(PEOPLE.replace(",", "\t").replace("Huber", "Hübner 王"), encoding="utf-16")
    engine = DuckDB(tmp_path, threads=1)
    assert "mail" in load(engine.connection, str(path), "id")
    assert engine.query(f"select name from {SOURCE} where source_key = '3'")[0][0] == "Bert Hübner 王"


def test_each_of_several_files_has_its_own_encoding_and_order(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,Jürgen\n")
    (tmp_path / "b.csv").write_bytes("name;id\nJörg;2\n".encode("latin-1"))
    engine = DuckDB(tmp_path, threads=1)
    load(engine.connection, f"{tmp_path}/a.csv,{tmp_path}/b.csv", "id")
    assert engine.query(f"select source_key, name from {SOURCE} order by 1") == [("1", "Jürgen"), ("2", "Jörg")]


@pytest.mark.parametrize(
    ("last", "read", "why"),
    [
        ('30000,"Meier, Anna"', "Meier, Anna", "the first quotes far below the top"),
        ('30000,"the ""Boss"""', 'the "Boss"', "and doubled within"),
        ("#30000,Anna", "Anna", "a line that begins with # is no comment"),
    ],
)
def test_lines_far_below(tmp_path, last, read, why):
    path = tmp_path / "long.csv"
    path.write_text("id,name\n" + "".join(f"#{n},x{n}\n" for n in range(30_000)) + last + "\n")
    engine = DuckDB(tmp_path, threads=1)
    load(engine.connection, str(path), "id")
    assert engine.query(f"select count(*) from {SOURCE}")[0][0] == 30_001, why
    assert engine.query(f"select name from {SOURCE} where source_key like '%30000'")[0][0] == read, why


def test_a_truth_counts_each_record_once(capsys, tmp_path, file):
    """Lines that repeat, keys with blanks, pairs that lead from one to the next."""
    spaced = tmp_path / "spaced.csv"
    spaced.write_text(
        PEOPLE.replace("\n4,", '\n"4 ",').replace("\n3,", "\n5,Anna Meier,,1970-02-03,1 Oak St,10001,a,h\n3,")
    )
    for truth in ('key,person\n1,x\n1,x\n2,x\n2,x\n5,x\n3,y\n"4 ",z\n', "left,right\n1,2\n5,2\n2,1\n 5 ,2\n"):
        (tmp_path / "truth.csv").write_text(truth)
        out = tmp_path / "out.json"
        truths = ("--truth", str(tmp_path / "truth.csv"))
        code, _, error = call(capsys, "--csv", str(spaced), "--map", MAP, *truths, "--json", str(out))
        assert code == 0, error
        persons = json.loads(out.read_text())["persons"]
        assert (persons["records"], persons["true_pairs"]) == (5, 3), truth


def test_an_empty_text_of_parquet_says_nothing(capsys, tmp_path):
    path = tmp_path / "people.parquet"
    rows = ", ".join(f"('{n}', 'p{n}@example.org', '')" for n in range(4))
    DuckDB(tmp_path).connection.execute(
        f"copy (select * from (values {rows}) as t(id, mail, who)) to '{path}' (format parquet)"
    ).fetchall()
    code, _, error = call(capsys, "--csv", str(path), "--map", "key=id,email=mail", "--truth", "who")
    assert code == 2 and "TRUTH: who: says of no record who it is" in error


BAD = {
    "twice.csv": "id,Name,name,mail\n1,a,b,c@d.example\n",
    "no.parquet": "x",
    "long.csv": "id,mail\n" + "".join(f"{n},m{n}@x.org\n" for n in range(30_000)) + "30000,a,b\n",
    "high.csv": "\0i\0d",
    "more.csv": "id,name,mail,born,street,zip,who,home,age\n9,a,b,c,d,e,f,g,1\n",
    "two.csv": "key,person\n1,x\n1,y\n",
    "none.csv": "key,person\n",
    "half.csv": "left,right\n1,\n",
    "keyless.csv": "key,person\n,x\n1,x\n",
    "notes.docx": "x",
    "empty.csv": "",
    "head.csv": "id,mail\n",
    "wide.csv": "a,b,c\n1,2,3\n",
    "other.csv": "id,p\n77,x\n",
}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"--csv": "nowhere.csv"}, "nowhere.csv: there is no such file"),
        ({"--csv": " , "}, "CSV: names no file"),
        ({"--csv": "{tmp}/notes.docx"}, "notes.docx: is not "),
        ({"--csv": "{tmp}/empty.csv"}, "empty.csv: is empty"),
        ({"--csv": "{tmp}/head.csv"}, "has no rows"),
        ({"--map": "key=who,email=mail"}, "1 records repeat another one's key"),
        ({"--map": "key=nope,email=mail"}, "MAP: key: nope: the file has no such column"),
        ({"--map": "born=born"}, "too little to find pairs by"),
        ({"--truth": "nope"}, "TRUTH: nope: the file has no such column"),
        ({"--truth": "{tmp}/wide.csv"}, "has 3 columns; two are needed"),
        ({"--truth": "{tmp}/other.csv"}, "1 of its keys are no record's"),
        ({"--truth": "{tmp}/lost.csv"}, "there is no such file"),
        ({"--truth": "{tmp}/two.csv"}, "1 of its keys have two persons"),
        ({"--truth": "{tmp}/none.csv"}, "says of no record who it is"),
        ({"--truth": "{tmp}/half.csv"}, "a pair lacks one of its keys"),
        ({"--truth": "{tmp}/keyless.csv"}, "1 of its lines have no key"),
        ({"--csv": "{tmp}/twice.csv", "--map": "key=id,email=mail,family=name"}, "MAP: family=name: the file has 2"),
        ({"--csv": "{tmp}/no.parquet"}, "no.parquet: is no Parquet file"),
        ({"--csv": "{tmp}/long.csv"}, "Line: 30002. Expected Number of Columns: 2 Found: 3; save it"),
        ({"--csv": "{tmp}/high.csv"}, "high.csv: is UTF-16 with the high byte first"),
        ({"--csv": "{tmp}/people.csv,{tmp}/more.csv"}, "more.csv: has other columns than people.csv: age"),
        ({"--memory": "much"}, "MEMORY=much, THREADS=1: "),
        ({"--json": "{tmp}/no/out.json"}, "names no file in a folder that is there"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(capsys, tmp_path, file, asked, message):
    for name, text in BAD.items():
        (tmp_path / name).write_text(text)
    words = {"--csv": str(file), "--map": MAP, **{key: value.format(tmp=tmp_path) for key, value in asked.items()}}
    if "head.csv" in words["--csv"]:
        words["--map"] = "key=id,email=mail"
    out = tmp_path / "out.json"
    words.setdefault("--json", str(out))
    code, printed, error = call(capsys, *(part for pair in words.items() for part in pair))
    assert code == 2 and message in error and printed == ""
    assert not out.exists()


def test_rows_are_numbered_as_they_stand_in_the_file(tmp_path):
    """Large enough that DuckDB reads it in parts at once."""
    path = tmp_path / "many.csv"
    path.write_text("place,note\n" + "".join(f"{n},{'x' * 40}\n" for n in range(1, 300_001)))
    engine = DuckDB(tmp_path)
    load(engine.connection, str(path), None)
    wrong = f"select count(*) from {SOURCE} where cast(source_key as bigint) <> cast(place as bigint)"
    assert engine.query(wrong)[0][0] == 0


def test_scripts_that_the_sql_does_not_know_are_spelt_in_latin_letters(capsys, tmp_path):
    """One person in Chinese, Korean and Tamil letters, and in Latin ones."""
    people = [("王小明", "Wang Xiaoming"), ("김민수", "Kim Minsu"), ("முருகன் ராமன்", "Murukan Raman")]
    rows = [
        f"{name},{born},{who}"
        for who, (names, born) in enumerate(zip(people, ("1970-02-03", "1981-05-06", "1992-07-08"), strict=True))
        for name in names
    ]
    path = tmp_path / "scripts.csv"
    path.write_text("name,born,who\n" + "\n".join(sorted(rows)) + "\n")
    code, printed, _ = call(
        capsys, "--csv", str(path), "--map", "name=name,born=born", "--truth", "who", "--json", str(tmp_path / "out")
    )
    assert code == 0
    assert "persons: precision 1.0000, recall 1.0000" in printed, printed
