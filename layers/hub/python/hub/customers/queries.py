"""What changed from one release to the next, as queries over both. `previous` None: everything is new.

All columns are texts: that is what the profile table keeps, and a file of texts reads alike whatever engine wrote it.
"""

from collections.abc import Callable

from hub.models.names import Released, released

GOLDEN = (
    "customer_id",
    "title",
    "full_name",
    "given_name",
    "family_name",
    "email",
    "phone",
    "phone_kind",
    "whatsapp",
    "fax",
    "website",
    "social",
    "birth_date",
    "gender",
    "address",
    "city",
    "region",
    "postcode",
    "country",
    "company",
    "job_title",
    "department",
    "language",
    "marital_status",
    "family_size",
    "income_band",
    "preferred_channel",
    "special_needs",
    "stage",
    "billing_cycle",
    "lead_source",
    "lead_campaign",
    "lead_referrer",
    "sale_source",
    "collected_by",
    "marketing_consent",
    "attributes",
    "names",
    "emails",
    "phones",
    "source_keys",
    "sources",
    "records",
    "customer_since",
    "changed_at",
    "provenance",
)
# Which pull brought a value again is no news of a person: a source that is read whole would bring everybody each night.
SAME_PULL = """regexp_replace(provenance, '"pull_seq":[0-9]+', '') as provenance"""  # fmt: skip
RECORD = (
    "source", "data_set", "source_key", "trust", "title", "full_name", "given_name", "family_name", "full_name_latin",
    "given_name_latin", "family_name_latin", "email", "email_standard", "phone", "phone_standard", "phone_kind",
    "whatsapp", "fax", "website", "social", "birth_date", "gender", "address", "city", "region", "postcode", "country",
    "company", "job_title", "department", "language", "marital_status", "family_size", "income_band",
    "preferred_channel", "special_needs", "stage", "billing_cycle", "lead_source", "lead_campaign",
    "lead_referrer", "sale_source", "collected_by", "marketing_consent", "created_at", "first_seen_at", "changed_at",
)  # fmt: skip
DOUBTS, HOUSEHOLDS, COMPANIES = "vault.match_doubt", "vault.household", "reporting.company"
REDIRECTS = "vault.customer_redirect"
COMPANY = (
    "company_id", "name", "spellings", "contacts", "purchases", "net_amount", "known_since", "similar_to", "similarity",
    "alike",
)  # fmt: skip
CONTACT = ("company_id", "customer_id", "job_position", "job_level", "buying_role")
EVENT = ("record_key", "source", "kind", "happened_at", "channel", "direction", "outcome", "amount", "reference")


def profiles(now: Released, previous: Released | None, stage: str) -> str:
    """Golden records that are new or read otherwise than missing."""
    table = released(now, "vault.customer", stage)
    everybody = f"select {', '.join(GOLDEN)} from {table} where not _deleted"
    if previous is None:
        return _texts(GOLDEN, everybody)
    compared = f"select {', '.join((*GOLDEN[:-1], SAME_PULL))} from {{}} where not _deleted"
    before = compared.format(released(previous, "vault.customer", stage))
    news = f"select customer_id from (\n{compared.format(table)}\nexcept\n{before}\n) as differing"
    return _texts(GOLDEN, f"{everybody} and customer_id in (\n{news}\n)")


def gone(now: Released, previous: Released, stage: str) -> str:
    """Customers that are no more, with whom their id leads to or null, and earlier ones whose id leads on now."""
    leads, led = (released(each, REDIRECTS, stage) for each in (now, previous))
    pairs = "select old_customer_id, customer_id\nfrom {}\nwhere not _deleted and kind = 'merge'"
    return _texts(
        ("customer_id", "moved_to"),
        "select old.customer_id, leads.customer_id as moved_to\n"
        f"from {released(previous, 'vault.customer', stage)} as old\n"
        f"left join {released(now, 'vault.customer', stage)} as alive "
        "on alive.customer_id = old.customer_id and not alive._deleted\n"
        f"left join (\n{pairs.format(leads)}\n) as leads on leads.old_customer_id = old.customer_id\n"
        "where alive.customer_id is null and not old._deleted\nunion\n"
        "select old_customer_id as customer_id, customer_id as moved_to\n"
        f"from (\n{pairs.format(leads)}\nexcept\n{pairs.format(led)}\n) as elsewhere",
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


def records(now: Released, previous: Released | None, stage: str) -> str:
    """Records of customers that are new, changed or somebody else's, and those that nobody has any more."""
    columns = ("customer_id", "record_key", *RECORD)
    listed = ", ".join(f"changed.{name}" for name in columns)
    if previous is None:
        query = f"select {listed}, cast(null as varchar) as earlier\nfrom (\n{_records(now, stage)}\n) as changed"
        return _texts((*columns, "earlier"), query)
    keys, old_keys = (released(each, "reporting.customer_key", stage) for each in (now, previous))
    nothing = ", ".join(f"null as {name}" for name in RECORD)
    return _texts(
        (*columns, "earlier"),
        f"select {listed}, old.customer_id as earlier\n"
        f"from (\n{_records(now, stage)}\nexcept\n{_records(previous, stage)}\n) as changed\n"
        f"left join {old_keys} as old on old.record_key = changed.record_key\nunion all\n"
        f"select null as customer_id, old.record_key, {nothing}, old.customer_id as earlier\n"
        f"from {old_keys} as old\nleft join {keys} as keys on keys.record_key = old.record_key\n"
        "where keys.record_key is null and old.record_key is not null",
    )


def doubts(now: Released, previous: Released | None, stage: str) -> str | None:
    """Doubtful pairs that are new or worth more or less than before, and those that are gone. None: there are none."""
    columns = ("left_key", "right_key", "bits", "household_bits", "left_customer", "right_customer", "worth", "records")
    return _both_ways(DOUBTS, ("left_key", "right_key", "worth"), columns, _doubts, now, previous, stage)


def households(now: Released, previous: Released | None, stage: str) -> str | None:
    """Members of households that came or went. None where the release knows no households."""
    place = ("household_id", "customer_id")
    return _both_ways(HOUSEHOLDS, place, (*place, "role"), _households, now, previous, stage)


def companies(now: Released, previous: Released | None, stage: str) -> str | None:
    """Companies that came, changed or went. None where the release knows no companies."""
    return _both_ways(COMPANIES, COMPANY[:1], COMPANY, _companies, now, previous, stage)


def contacts(now: Released, previous: Released | None, stage: str) -> str | None:
    """Who works where, as far as that came, changed or went."""
    return _both_ways(COMPANIES, CONTACT[:2], CONTACT, _contacts, now, previous, stage)


def _both_ways(
    table: str,
    place: tuple[str, ...],
    columns: tuple[str, ...],
    query: Callable[[Released, str], str],
    now: Released,
    previous: Released | None,
    stage: str,
) -> str | None:
    """Rows that came or changed, and places that are empty now: no place is in both, so their order does not matter."""
    if table not in now.tables:
        return None
    listed = ", ".join(columns)
    came = f"select {listed}, 'false' as gone\nfrom (\n{query(now, stage)}"
    if previous is None or table not in previous.tables:
        return _texts((*columns, "gone"), f"{came}\n) as came")
    places, nothing = ", ".join(place), "".join(f", null as {name}" for name in columns if name not in place)
    was, is_now = (f"select {places} from (\n{query(each, stage)}\n) as listed" for each in (previous, now))
    return _texts(
        (*columns, "gone"),
        f"{came}\nexcept\n{query(previous, stage)}\n) as came\nunion all\n"
        f"select {listed}, 'true' as gone\nfrom (\n"
        f"select {places}{nothing} from (\n{was}\nexcept\n{is_now}\n) as went\n) as went",
    )


def _records(release: Released, stage: str) -> str:
    listed = ", ".join(f"people.{name}" for name in RECORD)
    keys = released(release, "reporting.customer_key", stage)
    return (
        f"select keys.customer_id, people.record_key, {listed}\n"
        f"from {released(release, 'vault.source_customer', stage)} as people\n"
        f"inner join {keys} as keys on keys.record_key = people.record_key\nwhere not people._deleted"
    )


def _doubts(release: Released, stage: str) -> str:
    """What a decision is worth: the pairs of records that are wrong now, as far as anybody can tell, in thousandths."""
    keys, golden = (released(release, name, stage) for name in ("reporting.customer_key", "vault.customer"))
    right = "1e0 / (1e0 + power(2e0, greatest(-60e0, least(60e0, 0e0 - doubts.bits))))"
    pairs = (
        "case when doubts.records is not null then doubts.records * (doubts.records - 1) / 2 "
        "when one.customer_id = other.customer_id then mine.records - 1 else mine.records * theirs.records end"
    )
    return (
        "select doubts.left_key, doubts.right_key, doubts.bits, doubts.household_bits, "
        "one.customer_id as left_customer, other.customer_id as right_customer, "
        f"cast(round(1000e0 * least({right}, 1e0 - {right}) * ({pairs})) as bigint) as worth, doubts.records\n"
        f"from {released(release, DOUBTS, stage)} as doubts\n"
        f"inner join {keys} as one on one.record_key = doubts.left_key\n"
        f"inner join {keys} as other on other.record_key = doubts.right_key\n"
        f"inner join {golden} as mine on mine.customer_id = one.customer_id\n"
        f"inner join {golden} as theirs on theirs.customer_id = other.customer_id\nwhere not doubts._deleted"
    )


def _households(release: Released, stage: str) -> str:
    table = released(release, HOUSEHOLDS, stage)
    return f"select household_id, customer_id, role\nfrom {table}\nwhere not _deleted"


def _companies(release: Released, stage: str) -> str:
    return f"select {', '.join(COMPANY)}\nfrom {released(release, COMPANIES, stage)}\nwhere not _deleted"


def _contacts(release: Released, stage: str) -> str:
    table = released(release, "reporting.customer", stage)
    return f"select {', '.join(CONTACT)}\nfrom {table}\nwhere not _deleted and company_id is not null"


def _texts(columns: tuple[str, ...], query: str) -> str:
    listed = ", ".join(f"cast({name} as varchar) as {name}" for name in columns)
    return f"select {listed}\nfrom (\n{query}\n) as changed"


def _events(release: Released, stage: str, columns: tuple[str, ...]) -> str:
    listed = ", ".join(f"entries.{name}" for name in columns)
    keys = released(release, "reporting.customer_key", stage)
    return (
        f"select keys.customer_id, {listed}\nfrom {released(release, 'reporting.interaction', stage)} as entries\n"
        f"inner join {keys} as keys on keys.record_key = entries.customer_record_key\n"
        "where not entries._deleted and entries.happened_at is not null"
    )
