"""Companies in the profile table: `companies` / `<name>#<id>` lists them, `company#<id>` / `about` is one of them and
`company#<id>` / `contact#<customer>` who works there.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from boto3.dynamodb.conditions import Attr, Key

from hub import aws
from hub.customers.reading import AT_ONCE, Item, many, pages
from hub.errors import BadRequest

COMPANIES, COMPANY, CONTACT = "companies", "company#", "contact#"
NUMBERS = ("contacts", "purchases", "similarity")
INNER = ("pk", "sk", "release_id")

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class CompanyItems:
    table: str

    @property
    def _table(self) -> Any:
        return aws.table(self.table)

    # writing, after a release; each row says whether it is gone

    def put_companies(self, rows: Iterable[Row], release_id: str) -> None:
        left = iter(rows)
        while some := list(islice(left, AT_ONCE)):
            before = self.some(str(row["company_id"]) for row in some)
            with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
                for row in some:
                    company_id = str(row["company_id"])
                    key = {"pk": COMPANY + company_id, "sk": "about"}
                    if company_id in before:
                        batch.delete_item(Key=_listed(before[company_id]))
                    if row["gone"] == "true":
                        batch.delete_item(Key=key)
                        continue
                    item = {**_company(row), "release_id": release_id}
                    batch.put_item(Item={**item, **key})
                    batch.put_item(Item={**item, **_listed(item)})

    def put_contacts(self, rows: Iterable[Row], release_id: str) -> None:
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for row in rows:
                key = {"pk": COMPANY + str(row["company_id"]), "sk": CONTACT + str(row["customer_id"])}
                if row["gone"] == "true":
                    batch.delete_item(Key=key)
                else:
                    item = {name: value for name, value in row.items() if value is not None and name != "gone"}
                    batch.put_item(Item={**item, **key, "release_id": release_id})

    # reading

    def some(self, company_ids: Iterable[str]) -> dict[str, Item]:
        """Companies by their ids; ids of none are left out."""
        keys = ({"pk": COMPANY + each, "sk": "about"} for each in dict.fromkeys(company_ids))
        return {item["company_id"]: _bare(item) for item in many(self._table, keys)}

    def named(self, begins: str, similar: bool, limit: int, after: str | None) -> tuple[list[Item], str | None]:
        """Companies by name from one that `begins` so, and the sort key to go on `after`."""
        start = folded(begins)
        if after and not after.startswith(start):
            raise BadRequest("The cursor `after` is not one that this list gave as `next`")
        key = Key("pk").eq(COMPANIES)
        options: Item = {"FilterExpression": Attr("similar_to").exists()} if similar else {}
        if after:
            options["ExclusiveStartKey"] = {"pk": COMPANIES, "sk": after}
        named = pages(self._table, key & Key("sk").begins_with(start) if start else key, **options)
        found = list(islice(named, limit + 1))
        return [_bare(item) for item in found[:limit]], found[limit - 1]["sk"] if len(found) > limit else None

    def contacts(self, company_id: str) -> list[Item]:
        """Who works there, in the order of their ids."""
        condition = Key("pk").eq(COMPANY + company_id) & Key("sk").begins_with(CONTACT)
        return [_bare(item) for item in pages(self._table, condition)]


def folded(name: str) -> str:
    """A name as the list is ordered: small letters without accents, one space between words."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return " ".join(plain.casefold().split())


def _listed(company: Item) -> dict[str, str]:
    return {"pk": COMPANIES, "sk": f"{folded(company['name'])[:200]}#{company['company_id']}"}


def _company(row: Row) -> Item:
    found: Item = {name: value for name, value in row.items() if value is not None and name != "gone"}
    found |= {name: int(found[name]) for name in NUMBERS if name in found}
    return {**found, "spellings": str(found["spellings"]).splitlines()}


def _bare(item: Item) -> Item:
    found = {name: value for name, value in item.items() if name not in INNER}
    return found | {name: int(found[name]) for name in NUMBERS if name in found}
