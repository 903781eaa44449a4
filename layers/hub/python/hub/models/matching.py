"""What models know of the matching of a run: the tables that it leaves, and what it is made from."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.models.names import IDENTITY, physical

MATCH = f"{IDENTITY}.match"  # the step of a run
FIRMS = f"{IDENTITY}.firms"  # the step that compares names of firms, once the golden records stand
FIRM_NAMES = "select distinct company from vault.customer where company is not null"
SINCE = "/*since*/"  # in the text of what changed: the run that it changed after, which the matching knows
ANSWERS = {
    "cluster": ("record_key", "cluster_key", "household_key", "held"),
    "company": ("name", "spelt", "name_key", "company_id"),
    "company_like": ("company_id", "other_id", "similarity", "alike"),
    "doubt": ("left_key", "right_key", "bits", "household_bits", "levels"),
}


@dataclass(frozen=True)
class Matching:
    """records: a SELECT over logical tables that gives source_key and a column for each field that is known."""

    records: str = ""
    fingerprint: str = ""


NO_MATCHING = Matching()


@cache
def read(home: Path) -> Matching:
    """What was shipped under `home`."""
    folder = home / "sql" / IDENTITY
    files = sorted(path for path in folder.glob("*") if path.suffix in (".sql", ".json"))
    print_ = hashlib.sha256(b"\0".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:32]
    records = folder / "records.sql"
    return Matching(records.read_text("utf-8").strip() if records.is_file() else "", print_)


def scratch(stage: str, run_id: str, name: str) -> str:
    """A table of a run's matching; it expires with the scratch."""
    return f"{physical('scratch', stage)}.m_{run_id.lower()}_{name}"


def answer(name: str, stage: str, run_id: str) -> str:
    """A query of one of its answers."""
    return f"select {', '.join(ANSWERS[name])} from {scratch(stage, run_id, name)}"
