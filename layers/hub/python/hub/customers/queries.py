"""What changed from one release to the next, as queries over both. `previous` None: everything is new.

All columns are texts: that is what the profile table keeps, and a file of texts reads alike whatever engine wrote it.
"""

from hub.models.names import Released, released

GOLDEN = (
    "customer_id", "full_name", "given_name", "family_name", "email", "phone", "birth_date", "gender", "address",
    "city", "region", "postcode", "country", "company", "language", "lead_source", "marketing_consent", "names",
    "emails", "phones", "source_keys", "sources", "records", "customer_since", "changed_at", "provenance",
)  # fmt: skip
EVENT = ("record_key", "source", "kind", "happened_at", "channel", "direction", "outcome", "amount", "reference")


def profiles(now: Released, previous: Released | None, stage: str) -> str:
    """Golden records that are new or read otherwise than missing."""
    query = f"select {', '.join(GOLDEN)} from {{table}} where not _deleted"
    return _texts(GOLDEN, _changed(query, "vault.customer", now, previous, stage))


def gone(now: Released, previous: Released, stage: str) -> str:
    """Customers that are no more, with the customer that has one of their records now, or null."""
    keys, old_keys = (released(each, "reporting.customer_key", stage) for each in (now, previous))
    return _texts(
        ("customer_id", "moved_to"),
        "select old.customer_id, min(keys.customer_id) as moved_to\n"
        f"from {released(previous, 'vault.customer', stage)} as old\n"
        f"left join {released(now, 'vault.customer', stage)} as alive on alive.customer_id = old.customer_id\n"
        f"left join {old_keys} as old_keys on old_keys.customer_id = old.customer_id\n"
        f"left join {keys} as keys on keys.record_key = old_keys.record_key\n"
        "where alive.customer_id is null\ngroup by old.customer_id",
    )


def events(now: Released, previous: Released | None, stage: str) -> str:
    """Entries of time lines that are new or read otherwise than missing."""
    query = _events(now, stage, EVENT)
    if previous is not None:
        query += f"\nexcept\n{_events(previous, stage, EVENT)}"
    return _texts(("customer_id", *EVENT), query)


def gone_events(now: Released, previous: Released, stage: str) -> str:
    """Entries whose place in a time line is empty now."""
    place = ("record_key", "kind", "happened_at")
    entries = released(previous, "reporting.interaction", stage)
    return _texts(
        ("customer_id", *place, "reference"),
        "select missing.customer_id, missing.record_key, missing.kind, missing.happened_at, entries.reference\n"
        "from (\n"
        f"{_events(previous, stage, place)}\nexcept\n{_events(now, stage, place)}\n) as missing\n"
        f"left join {entries} as entries on entries.record_key = missing.record_key",
    )


def _texts(columns: tuple[str, ...], query: str) -> str:
    listed = ", ".join(f"cast({name} as varchar) as {name}" for name in columns)
    return f"select {listed}\nfrom (\n{query}\n) as changed"


def _changed(query: str, table: str, now: Released, previous: Released | None, stage: str) -> str:
    text = query.format(table=released(now, table, stage))
    return text if previous is None else f"{text}\nexcept\n{query.format(table=released(previous, table, stage))}"


def _events(release: Released, stage: str, columns: tuple[str, ...]) -> str:
    listed = ", ".join(f"entries.{name}" for name in columns)
    keys = released(release, "reporting.customer_key", stage)
    return (
        f"select keys.customer_id, {listed}\nfrom {released(release, 'reporting.interaction', stage)} as entries\n"
        f"inner join {keys} as keys on keys.record_key = entries.customer_record_key\n"
        "where not entries._deleted and entries.happened_at is not null"
    )
