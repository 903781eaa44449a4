"""The profile table: golden records, time lines, what customers are found by, and redirects of merged ids."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from boto3.dynamodb.conditions import Attr, Key

from hub import aws
from hub.customers.attributes import parsed
from hub.customers.companies import COMPANIES, COMPANY, CompanyItems
from hub.customers.edits import carried, left_behind
from hub.customers.parts import DOUBT, HOUSEHOLD, RECORD, PartStore
from hub.customers.reading import AT_ONCE, Item, many, pages
from hub.customers.spelling import farness
from hub.customers.tokens import Words, latin_words, near_words, plain, token, words_of
from hub.errors import BadRequest, Unavailable

LISTS = ("names", "emails", "phones", "source_keys")
NUMBERS = ("sources", "records", "family_size")
NOTED = {"pk": "release", "sk": "profiles"}
MOST_REDIRECTS = 8
MOST_TRIES = 5
MOST_NEAR = 10_000  # ids under one form of a misspelt word
MOST_LOOKED_AT = 500
MOST_LISTED = 50_000  # ids under one word that are read to find who has several

Row = Mapping[str, str | None]
T = TypeVar("T")


@dataclass(frozen=True)
class ProfileStore:
    table: str
    key: bytes = field(repr=False)

    @property
    def _table(self) -> Any:
        return aws.table(self.table)

    @property
    def parts(self) -> PartStore:
        """Records, doubtful pairs and households, in the same table."""
        return PartStore(self.table)

    @property
    def companies(self) -> CompanyItems:
        """Companies and who works there, in the same table."""
        return CompanyItems(self.table)

    # writing, after a release

    def noted_release(self) -> str | None:
        """The release whose customers the table holds, None before the first."""
        found = self._table.get_item(Key=NOTED, ConsistentRead=True).get("Item")
        return str(found["release_id"]) if found else None

    def note_release(self, release_id: str) -> None:
        self._table.put_item(Item={**NOTED, "release_id": release_id})

    def put_profiles(self, rows: Iterable[Row], release_id: str) -> None:
        """Write golden records, and bring the keys that they are found by up to date."""
        for some in _batches(map(_profile, rows)):
            before = self._profiles([each["customer_id"] for each in some])
            with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
                for row in some:
                    earlier = before.get(row["customer_id"], {})
                    profile = carried(row, earlier.get("edits", {}))
                    for write in self._writes({**profile, "release_id": release_id}, earlier):
                        batch.put_item(Item=write["put"]) if "put" in write else batch.delete_item(Key=write["delete"])
                    batch.delete_item(Key={"pk": f"redirect#{row['customer_id']}", "sk": "to"})

    def put_records(self, rows: Iterable[Row], release_id: str) -> None:
        """Write records to their customers; an edit that a run did not know yet goes from whom its record left."""
        rows, left = list(rows), defaultdict[str, set[str]](set)
        self.parts.put_records(rows, release_id)
        for row in rows:
            if row["earlier"] and row["earlier"] != row["customer_id"]:
                left[row["earlier"]].add(str(row["record_key"]))
        for customer_id, profile in self._profiles(list(left)).items():
            if "edits" in profile:
                self.change(customer_id, partial(left_behind, record_keys=left[customer_id]))

    def change(self, customer_id: str, change: Callable[[Item], Item]) -> bool:
        """Change a profile at once, before a run does; a load at that moment goes first. False where there is none."""
        for _ in range(MOST_TRIES):
            earlier = self._profiles([customer_id]).get(customer_id)
            if earlier is None:
                return False
            *words, profile = self._writes(change(earlier), earlier)
            edits = Attr("edits").eq(earlier["edits"]) if "edits" in earlier else Attr("edits").not_exists()
            unchanged = Attr("release_id").eq(earlier["release_id"]) & edits
            try:
                self._table.put_item(Item=profile["put"], ConditionExpression=unchanged)
            except self._table.meta.client.exceptions.ConditionalCheckFailedException:
                continue
            with self._table.batch_writer() as batch:
                for write in words:
                    batch.put_item(Item=write["put"]) if "put" in write else batch.delete_item(Key=write["delete"])
            return True
        raise Unavailable("This customer is being written by a load; try again in a moment")

    def _writes(self, profile: Item, earlier: Item) -> list[dict[str, Item]]:
        """What brings a profile and the keys that it is found by up to date; the profile itself is last."""
        customer_id = profile["customer_id"]
        tokens = {self._search_key(each) for each in words_of(profile)}
        stale = set(earlier.get("found_by", ())) - tokens
        writes = [{"delete": {"pk": pk, "sk": customer_id}} for pk in sorted(stale)]
        writes += [{"put": {"pk": pk, "sk": customer_id}} for pk in sorted(tokens)]
        return [*writes, {"put": {**profile, "pk": customer_id, "sk": "profile", "found_by": sorted(tokens)}}]

    def remove_profiles(self, rows: Iterable[Row], release_id: str) -> None:
        """Take away customers that are no more, and lead from those that were merged to who has their records."""
        for row in rows:
            customer_id = str(row["customer_id"])
            before = self._profiles([customer_id]).get(customer_id, {})
            with self._table.batch_writer() as batch:
                for pk in before.get("found_by", ()):
                    batch.delete_item(Key={"pk": pk, "sk": customer_id})
                for item in self._items(customer_id):
                    batch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
                if row["moved_to"]:
                    redirect = {"pk": f"redirect#{customer_id}", "sk": "to", "customer_id": row["moved_to"]}
                    batch.put_item(Item={**redirect, "release_id": release_id})

    def put_events(self, rows: Iterable[Row], release_id: str) -> None:
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for row in rows:
                given = {name: value for name, value in row.items() if value is not None}
                batch.put_item(
                    Item={**given, **_event_key(row), "happened_at": _iso(row["happened_at"]), "release_id": release_id}
                )
                if row["reference"]:
                    batch.put_item(Item=self._order_key(row))

    def add_event(self, customer_id: str, entry: Item, until: int) -> bool:
        """An entry before a run knows it, at the place that the run will give it; False where one is there already.

        It goes away at `until` (epoch seconds) if no run writes over it.
        """
        key = {"pk": customer_id, "sk": f"event#{entry['happened_at']}#{entry['kind']}#{entry['record_key']}"}
        item = {**entry, **key, "customer_id": customer_id, "expires_at": until, "before_run": True}
        try:
            self._table.put_item(Item=item, ConditionExpression=Attr("pk").not_exists())
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def remove_events(self, rows: Iterable[Row]) -> None:
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for row in rows:
                batch.delete_item(Key=_event_key(row))
                if row["reference"]:
                    batch.delete_item(Key=self._order_key(row))

    def leftovers(self, release_id: str, after: Item | None) -> Iterator[tuple[list[Item], Item | None]]:
        """What another release wrote, in pages with the mark to go on from."""
        wanted = Attr("release_id").exists() & Attr("release_id").ne(release_id)
        scan: dict[str, Any] = {
            "FilterExpression": wanted & _is_of_a_release(),
            "ProjectionExpression": "pk, sk, found_by, #reference",
            "ExpressionAttributeNames": {"#reference": "reference"},
        }
        while True:
            page = self._table.scan(**scan, **({"ExclusiveStartKey": after} if after else {}))
            after = page.get("LastEvaluatedKey")
            yield page["Items"], after
            if after is None:
                return

    def remove_leftovers(self, items: Iterable[Item], release_id: str) -> None:
        """Take them away, with what they are found by."""
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for item in items:
                customer_id = str(item["pk"])
                for pk in item.get("found_by", ()):
                    batch.delete_item(Key={"pk": pk, "sk": customer_id})
                order = {"customer_id": customer_id, "reference": item.get("reference")}
                if order["reference"] and not self._has_order(order, release_id):
                    batch.delete_item(Key=self._order_key(order))
                batch.delete_item(Key={"pk": customer_id, "sk": item["sk"]})

    def _has_order(self, order: Row, release_id: str) -> bool:
        """Whether the release has the customer's order, be it at another time."""
        entries = Key("pk").eq(order["customer_id"]) & Key("sk").begins_with("event#")
        like = Attr("release_id").eq(release_id) & Attr("reference").eq(order["reference"])
        return any(True for _ in pages(self._table, entries, FilterExpression=like))

    # reading

    def follow(self, customer_id: str) -> str:
        """The customer that an id stands for now; the id itself where it was never merged away."""
        for _ in range(MOST_REDIRECTS):
            found = self._table.get_item(Key={"pk": f"redirect#{customer_id}", "sk": "to"}).get("Item")
            if not found:
                break
            customer_id = str(found["customer_id"])
        return customer_id

    def profile(self, customer_id: str) -> Item | None:
        return self._profiles([customer_id]).get(customer_id)

    def events(self, customer_id: str, limit: int, before: str | None = None) -> tuple[list[Item], str | None]:
        """Entries of the time line from the newest, and the sort key to go on `before`; BadRequest for another key."""
        if before and not before.startswith("event#"):
            raise BadRequest("The cursor `after` is not one that this time line gave as `next`")
        condition = Key("pk").eq(customer_id) & (
            Key("sk").between("event#", before) if before else Key("sk").begins_with("event#")
        )
        found = self._table.query(KeyConditionExpression=condition, ScanIndexForward=False, Limit=limit + 2)["Items"]
        items = [item for item in found if item["sk"] != before]
        return items[:limit], items[limit - 1]["sk"] if len(items) > limit else None

    def find(self, words: list[Words], limit: int, after: str | None = None) -> tuple[list[Item], str | None]:
        """Profiles that all words fit, in the order of their ids, and the id to go on `after`."""
        found: list[Item] = []
        shared = self._shared(words, after) if len(words) > 1 else None
        while len(found) <= limit:
            ids = list(islice(shared, AT_ONCE)) if shared is not None else self._ids(words[0], after)
            profiles = self._profiles(ids)
            fitting = (profiles[each] for each in ids if each in profiles)
            found += [profile for profile in fitting if set(words) <= words_of(profile) or words[0][0] == "order"]
            if len(ids) < AT_ONCE:
                break
            after = ids[-1]
        return found[:limit], found[limit - 1]["customer_id"] if len(found) > limit else None

    def _shared(self, words: list[Words], after: str | None) -> Iterator[str]:
        """Who is found by each of several words: lists of ids are short to read, profiles are not.

        A word that very many have is left out; whoever is found is looked at for it.
        """
        found: set[str] | None = None
        for word in words:
            listed = set(islice(self._listed(word, after), MOST_LISTED + 1))
            if len(listed) <= MOST_LISTED:
                found = listed if found is None else found & listed
        return iter(sorted(found)) if found is not None else self._listed(words[0], after)

    def _listed(self, word: Words, after: str | None) -> Iterator[str]:
        key = Key("pk").eq(self._search_key(word))
        found = pages(self._table, key & Key("sk").gt(after) if after else key, ProjectionExpression="sk")
        return (str(item["sk"]) for item in found)

    def near(self, words: list[str], limit: int) -> list[Item]:
        """Profiles with a name that has each of the words or one like it, the nearest first."""
        found: set[str] | None = None
        for word in words:
            near = (set(islice(self._listed(each, None), MOST_NEAR)) for each in sorted(near_words(word)))
            listed = set[str]().union(*near)
            found = listed if found is None else found & listed
        profiles = self._profiles(sorted(found or ())[:MOST_LOOKED_AT])
        far = {customer_id: farness(words, latin_words(profile)) for customer_id, profile in profiles.items()}
        like = sorted((each, customer_id) for customer_id, each in far.items() if each is not None)
        return [profiles[customer_id] for _, customer_id in like[:limit]]

    def holders(self, word: Words, limit: int) -> list[str]:
        """The first customers that a word leads to, by their ids. Safe in several threads at once."""
        query = {"KeyConditionExpression": Key("pk").eq(self._search_key(word)), "Limit": limit}
        found = self._table.meta.client.query(TableName=self.table, **query)["Items"]
        return [str(item["sk"]) for item in found]

    def some(self, ids: list[str]) -> dict[str, Item]:
        """Profiles by id; ids of nobody are left out."""
        return self._profiles(ids)

    def _ids(self, word: Words, after: str | None) -> list[str]:
        key = Key("pk").eq(self._search_key(word))
        condition = key & Key("sk").gt(after) if after else key
        found = self._table.query(KeyConditionExpression=condition, Limit=AT_ONCE)["Items"]
        return [str(item["sk"]) for item in found]

    def _profiles(self, ids: list[str]) -> dict[str, Item]:
        keys = ({"pk": each, "sk": "profile"} for each in dict.fromkeys(ids))
        return {item["customer_id"]: item for item in many(self._table, keys)}

    def _items(self, customer_id: str) -> Iterator[Item]:
        return pages(self._table, Key("pk").eq(customer_id), ProjectionExpression="pk, sk")

    def _search_key(self, word: Words) -> str:
        return f"search#{word[0]}#{token(self.key, *word)}"

    def _order_key(self, row: Row) -> Item:
        return {"pk": self._search_key(("order", plain(str(row["reference"])))), "sk": str(row["customer_id"])}


def _is_of_a_release() -> Any:
    """Everything but redirects and the note, which outlive their release."""
    found = Attr("sk").is_in(["profile", "of"]) | Attr("pk").eq(DOUBT) | Attr("pk").begins_with(HOUSEHOLD)
    found |= Attr("pk").eq(COMPANIES) | Attr("pk").begins_with(COMPANY)
    for prefix in ("event#", RECORD, HOUSEHOLD):
        found |= Attr("sk").begins_with(prefix)
    return found


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    left = iter(things)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def _profile(row: Row) -> Item:
    """A golden record as it is kept: lists for what has several lines, numbers as numbers, nothing for null."""
    found: Item = {name: value for name, value in row.items() if value is not None}
    found |= {name: str(found.get(name, "")).splitlines() for name in LISTS}
    found |= {name: int(found[name]) for name in NUMBERS if name in found}
    found |= {name: _iso(found[name]) for name in ("customer_since", "changed_at") if name in found}
    if "attributes" in found:
        found["attributes"] = parsed(found["attributes"])
    if "marketing_consent" in found:
        found["marketing_consent"] = found["marketing_consent"] == "true"
    return found


def _event_key(row: Row) -> dict[str, str]:
    return {"pk": str(row["customer_id"]), "sk": f"event#{_iso(row['happened_at'])}#{row['kind']}#{row['record_key']}"}


def _iso(moment: str | None) -> str:
    """Athena's text of a UTC timestamp as ISO-8601, to the second."""
    return f"{str(moment)[:19].replace(' ', 'T')}Z"
