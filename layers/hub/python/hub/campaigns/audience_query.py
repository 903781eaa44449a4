"""The one Athena query of a freeze: the segment on a release, joined to the golden records of the same release."""

from collections.abc import Iterator
from typing import Any, Final

from pyathena import connect
from pyathena.error import OperationalError

from hub.campaigns.audience import Candidate
from hub.campaigns.content import PERSONAL
from hub.guard import Permitted
from hub.models.athena import QueryFailed
from hub.models.names import released

PAGE: Final = 1000
MOST_REASON: Final = 500  # characters
COLUMNS: Final = ("email", "marketing_consent", *PERSONAL)


def statement(segment: Permitted, release: Any, stage: str, columns: set[str]) -> str:
    """The SQL. columns: those that vault.customer has; a variable that it lacks is nobody's."""
    wanted = [name for name in COLUMNS if name in columns]
    return f"""
with segment as (
  select distinct cast(customer_id as varchar) as customer_id from ({segment.sql}) as chosen
), person as (
  select customer_id, {", ".join(wanted)}
  from {released(release, "vault.customer", stage)}
  where not _deleted
)
select segment.customer_id, person.customer_id is not null as known, {", ".join(f"person.{name}" for name in wanted)}
from segment left join person on person.customer_id = segment.customer_id
where segment.customer_id is not null
""".strip()


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
    fields = {name: row.get(name) for name in PERSONAL}
    return Candidate(row["customer_id"], bool(row["known"]), row.get("email"), row.get("marketing_consent"), fields)
