"""The one Athena query of a freeze: the segment on a release, joined to the golden records of the same release."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from pyathena import connect
from pyathena.error import OperationalError

from hub.campaigns.audience import Candidate
from hub.campaigns.content import PERSONAL
from hub.errors import InvalidInput
from hub.guard import Permitted
from hub.models.athena import QueryFailed
from hub.models.names import released

PAGE: Final = 1000
MOST_REASON: Final = 500  # characters
LONGEST_ID: Final = 100
"""Characters of a customer_id that is counted as unknown; the hub's own have 21."""
FOUNDED: Final = "concat('c', translate(lower(substr(to_hex(sha256(to_utf8(record_key))), 1, 20)), '0189', 'ghij'))"
"""The id of a customer who begins with the record: what the record's person was called before he was another's."""
READS_WITH_DIFFICULTY: Final = "|".join(
    ("large.?print", "big.?letters", "blind", "low.?vision", "visual", "screen.?reader", "braille", "dyslexi",
     "plain.?(language|text)", "easy.?read")
)  # fmt: skip
"""What special needs say of who wants another form of a message; which one it is stays in the vault."""
STANDING: Final = "reporting.customer_standing"
CUSTOMER: Final = "reporting.customer"
COLUMNS: Final = ("email", "marketing_consent", *PERSONAL)


def statement(segment: Permitted, release: Any, stage: str, columns: set[str], born: Sequence[str] = ()) -> str:
    """The SQL. columns: those that vault.customer has; a variable that it lacks is nobody's.

    born: only those who were born on one of these days (MM-DD), with the day and where they live.
    """
    wanted = [name for name in COLUMNS if name in columns]
    keys = released(release, "reporting.customer_key", stage)
    complaining = _complaining(release, stage)
    difficulty = f"coalesce(regexp_like(lower(special_needs), '{READS_WITH_DIFFICULTY}'), false)"
    accessible = difficulty if "special_needs" in columns else "false"
    listed = ", ".join(f"'{day}'" for day in born)
    only = f" and substr(cast(birth_date as varchar), 6, 5) in ({listed})" if born else ""
    zones = f"left join {released(release, CUSTOMER, stage)} as places on places.customer_id = segment.customer_id"
    return f"""
with segment as (
  select distinct cast(customer_id as varchar) as customer_id from ({segment.sql}) as chosen
), person as (
  select customer_id, {accessible} as accessible, {"birth_date, " if born else ""}{", ".join(wanted)}
  from {released(release, "vault.customer", stage)}
  where not _deleted{only}
), founded as (
  select customer_id, {FOUNDED} as earlier_id from {keys}
), earlier as (
  select customer_id, array_join(array_agg(distinct earlier_id), ' ') as earlier
  from founded where earlier_id not in (select customer_id from person) group by customer_id
), complaining as (
  {complaining}
)
select
  segment.customer_id, person.customer_id is not null as known, earlier.earlier,
  complaining.customer_id is not null as complains, person.accessible,
  {"cast(person.birth_date as varchar) as born, places.time_zone, " if born else ""}
  {", ".join(f"person.{name}" for name in wanted)}
from segment
{"inner" if born else "left"} join person on person.customer_id = segment.customer_id
{zones if born else ""}
left join earlier on earlier.customer_id = segment.customer_id
left join complaining on complaining.customer_id = segment.customer_id
where segment.customer_id is not null
""".strip()


def _complaining(release: Any, stage: str) -> str:
    """Who has an open complaint; nobody on a release of a time before the hub knew."""
    if "open_complaints" not in release.columns.get(STANDING, {}):
        return "select cast(null as varchar) as customer_id"
    table = released(release, STANDING, stage)
    return f"select customer_id from {table} where not _deleted and open_complaints > 0"


def candidates(sql: str, parameters: list[str], workgroup: str) -> Iterator[Candidate]:
    """The people that the query finds, as they come; QueryFailed, with the engine's reason, where it fails."""
    with connect(work_group=workgroup).cursor() as cursor:
        cursor.arraysize = PAGE
        try:
            cursor.execute(sql, parameters=parameters or None, paramstyle="qmark")
        except OperationalError as error:
            raise QueryFailed(f"The segment could not be read: {error}"[:MOST_REASON]) from error
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield _candidate(dict(zip(names, row, strict=True)))


def _candidate(row: dict[str, Any]) -> Candidate:
    customer_id, earlier = row["customer_id"], tuple((row["earlier"] or "").split())
    if len(customer_id) > LONGEST_ID:
        raise InvalidInput(f"The segment gives a customer_id of {len(customer_id)} characters; no customer has one")
    fields = {name: row.get(name) for name in PERSONAL}
    return Candidate(
        customer_id,
        bool(row["known"]),
        row.get("email"),
        row.get("marketing_consent"),
        fields,
        earlier,
        complains=bool(row.get("complains")),
        accessible=bool(row.get("accessible")),
        born=date.fromisoformat(row["born"]) if row.get("born") else None,
        time_zone=row.get("time_zone") or "UTC",
    )
