"""How long POST /v1/matches computes at a million customers: `make bench-matches [ROWS=1000000]`.

The store is in memory; DynamoDB's own time comes on top: one round of queries side by side and one read of profiles.
The model is learned by the matcher itself from a sample of the same made-up people.
"""

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import duckdb

from hub.customers.tokens import words_of
from hub.identity import Matcher, Model, read
from hub.stewardship.comparing import TEXTS, Comparing
from hub.stewardship.matching import KEYS, Matching
from hub.stewardship.models import MatchRequest
from infra.matching.engine import DuckDB

ROOT = Path(__file__).parents[2]
SAMPLE, ASKED = 4000, 300
STARTS = [consonant + vowel for consonant in "BDGHJKLMNPRSTV" for vowel in ("a", "e", "i", "o")]
GIVEN = [start + end for start in STARTS for end in ("sh", "nita", "ya", "deep", "run", "ma")]
FAMILY = [start + end for start in STARTS for end in ("o", "kar", "rma", "mar", "ndy", "tel", "ta", "gupta", "hi")]
TOWNS = ["Pune", "Thane", "Delhi", "Mumbai", "Chennai"]


def person(number: int) -> dict[str, str]:
    """The golden record of a customer; the same for the same number."""
    chance = random.Random(number)
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    born = f"{chance.randrange(1945, 2005)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    return {
        "customer_id": f"c{number:08d}",
        "full_name": f"{given} {family}",
        "given_name": given,
        "family_name": family,
        "email": f"{given}.{family}{chance.randrange(10**4)}@x.in".lower(),
        "phone": f"+919{chance.randrange(10**9):09d}",
        "birth_date": born,
        "address": f"{chance.randrange(1, 200)} {chance.choice(FAMILY)} Road",
        "postcode": f"4{chance.randrange(10**5):05d}",
        "city": chance.choice(TOWNS),
        "country": "IN",
        "gender": chance.choice("mf"),
    }


def asked(number: int) -> dict[str, str]:
    """The same person as somebody gives him: two things missing, every other first name misspelt."""
    chance, given = random.Random(number), person(number)
    for name in ("customer_id", *chance.sample(["email", "phone", "address", "birth_date", "postcode"], 2)):
        del given[name]
    if chance.random() < 0.5:
        given["given_name"] = given["given_name"][:-1] + "x"
        given["full_name"] = f"{given['given_name']} {given['family_name']}"
    return given


def learned() -> Model:
    columns = {field: names[-1] for field, names in TEXTS.items() if names[-1] in person(0) or field == "street"}
    with tempfile.TemporaryDirectory() as folder:
        engine = DuckDB(Path(folder))
        listed = ", ".join(f"{name} varchar" for name in columns.values())
        engine.connection.execute(f"create table people (source_key varchar, {listed})").fetchall()
        rows = [(f"{n}{side}", *(one.get(name) for name in columns.values()))
                for n in range(SAMPLE) for side, one in (("a", person(n)), ("b", asked(n)))]  # fmt: skip
        engine.connection.executemany(f"insert into people values ({', '.join('?' * (len(columns) + 1))})", rows)
        return Matcher(engine, read(ROOT / "sql/identity"), columns).run("people").model


class Store:
    """The profile table as far as matches ask it: who has a word, in a table that is sorted by words."""

    def __init__(self, rows: int) -> None:
        self._index = duckdb.connect()
        found = ((hash(word), n) for n in range(rows) for word in words_of(person(n)) if word[0] in KEYS)
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.writelines(f"{word},{number}\n" for word, number in found)
            file.flush()
            named = "{'word': 'bigint', 'number': 'integer'}"
            read_ = f"read_csv('{file.name}', header = false, columns = {named})"
            sorted_ = self._index.execute(f"select word, number from {read_} order by word, number").fetchnumpy()
        self._words, self._numbers = sorted_["word"], sorted_["number"]

    def holders(self, word: tuple[str, str], limit: int) -> list[str]:
        first = int(self._words.searchsorted(hash(word), "left"))
        last = int(self._words.searchsorted(hash(word), "right"))
        return [f"c{number:08d}" for number in self._numbers[first : min(last, first + limit)]]

    def some(self, ids: list[str]) -> dict[str, Any]:
        return {each: person(int(each[1:])) for each in ids}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "sql").mkdir()
        (Path(home) / "sql/identity").symlink_to(ROOT / "sql/identity")
        begun = time.perf_counter()
        matching = Matching(Store(rows), Comparing(Path(home), learned()), rows)  # type: ignore[arg-type]  # a store of its own
    print(f"{rows:,} customers, made in {time.perf_counter() - begun:.0f} s")
    wall, computed, found = [], [], 0
    steward: Any = SimpleNamespace(id="u", roles=frozenset())
    with mock.patch("hub.stewardship.matching.audit.record"):
        for number in random.Random(1).sample(range(rows), ASKED):
            request = MatchRequest.model_validate(asked(number))
            begun, cpu = time.perf_counter(), time.process_time()
            answer = matching.find(steward, request, 10)
            wall.append(1000 * (time.perf_counter() - begun))
            computed.append(1000 * (time.process_time() - cpu))
            found += any(each.customer_id == f"c{number:08d}" and each.verdict == "same" for each in answer.items)
    for name, times in (("wall", wall), ("processor", computed)):
        ordered = sorted(times)
        last = ordered[int(0.95 * len(ordered))]
        middle = statistics.median(times)
        print(f"{name}: median {middle:.1f} ms, 95 of 100 within {last:.1f} ms, most {ordered[-1]:.1f} ms")
    print(f"found: {found} of {ASKED}")


if __name__ == "__main__":
    main()
