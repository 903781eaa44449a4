"""The one Athena query of a freeze: the segment on a release, joined to the golden records of the same release."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from pyathena import connect
from pyathena.error import OperationalError

from hub.campaigns.audience import Candidate
from hub.campaigns.choosing import ANSWERED, CHANNELS, OPENED, WORDS, Act, Channel, telling
from hub.campaigns.consents import moment
from hub.campaigns.content import PERSONAL
from hub.config.leads import RESPONSES
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
INTERACTION: Final = "reporting.interaction"
COLUMNS: Final = ("email", "marketing_consent", *PERSONAL)
OF_CHANNELS: Final = ("phone", "phone_kind", "preferred_channel")
"""What is asked beside them for a campaign that does not go by e-mail alone."""
DID: Final = {
    word: strength
    for strength, words in ((OPENED, ("open", "opened", "read")), (ANSWERED, RESPONSES["click"] + RESPONSES["reply"]))
    for word in words
}
"""What tools write for what somebody did with what was sent to him, and how much it tells."""


def statement(
    segment: Permitted,
    release: Any,
    stage: str,
    columns: set[str],
    born: Sequence[str] = (),
    channels: Sequence[Channel] = ("email",),
    acts_since: datetime | None = None,
) -> str:
    """The SQL. columns: those that vault.customer has; a variable that it lacks is nobody's.

    born: only those who were born on one of these days (MM-DD), with the day and where they live. acts_since: since
    when what they did with messages of any tool tells which channel they like; None where there is one channel.
    """
    asked = COLUMNS if list(channels) == ["email"] else (*COLUMNS, *OF_CHANNELS)
    wanted = [name for name in asked if name in columns]
    keys, complaining = released(release, "reporting.customer_key", stage), _complaining(release, stage)
    acting = _acting(release, stage, acts_since) if acts_since else None
    difficulty = f"coalesce(regexp_like(lower(special_needs), '{READS_WITH_DIFFICULTY}'), false)"
    accessible = difficulty if "special_needs" in columns else "false"
    only = f" and substr(cast(birth_date as varchar), 6, 5) in ({_listed(born)})" if born else ""
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
){f", acting as ({acting})" if acting else ""}
select
  segment.customer_id, person.customer_id is not null as known, earlier.earlier, {"acting.acts, " if acting else ""}
  complaining.customer_id is not null as complains, person.accessible,
  {"cast(person.birth_date as varchar) as born, places.time_zone, " if born else ""}
  {", ".join(f"person.{name}" for name in wanted)}
from segment
{"inner" if born else "left"} join person on person.customer_id = segment.customer_id
{zones if born else ""}
left join earlier on earlier.customer_id = segment.customer_id
left join complaining on complaining.customer_id = segment.customer_id
{"left join acting on acting.customer_id = segment.customer_id" if acting else ""}
where segment.customer_id is not null
""".strip()


def _complaining(release: Any, stage: str) -> str:
    """Who has an open complaint; nobody on a release of a time before the hub knew."""
    if "open_complaints" not in release.columns.get(STANDING, {}):
        return "select cast(null as varchar) as customer_id"
    table = released(release, STANDING, stage)
    return f"select customer_id from {table} where not _deleted and open_complaints > 0"


def _acting(release: Any, stage: str, since: datetime) -> str | None:
    """SQL of who did what with messages since then, as `sms=2=2026-01-31 08:00:00` with `;` between; the newest each.

    None on a release without interactions. Orders, tickets and payments answer no message.
    """
    if not {"channel", "outcome", "happened_at"} <= set(release.columns.get(INTERACTION, {})):
        return None
    keys, table = released(release, "reporting.customer_key", stage), released(release, INTERACTION, stage)
    ways = " ".join(f"when {_letters('channel')} in ({_listed(sorted(WORDS[way]))}) then '{way}'" for way in CHANNELS)
    did = " ".join(
        f"when lower({{}}) in ({_listed(sorted(word for word, of in DID.items() if of == strength))}) then '{strength}'"
        for strength in (ANSWERED, OPENED)
    )
    of_kind, of_outcome = did.format("kind", "kind"), did.format("outcome", "outcome")
    return f"""
  select customer_id, array_join(array_agg(concat(way, '=', did, '=', at)), ';') as acts
  from (
    select customer_id, way, did, max(at) as at
    from (
      select
        keys.customer_id, case {ways} end as way, substr(cast(happened_at as varchar), 1, 19) as at,
        case when outcome is null or direction = 'in' then case {of_kind} end else case {of_outcome} end end as did
      from {table} as interactions
      inner join {keys} as keys on keys.record_key = interactions.customer_record_key
      where not interactions._deleted and not keys._deleted
        and happened_at >= timestamp '{since:%Y-%m-%d %H:%M:%S}' and kind not in ('order', 'ticket', 'payment')
    ) as listed
    where way is not null and did is not null
    group by customer_id, way, did
  ) as acted
  group by customer_id"""


def _letters(column: str) -> str:
    """SQL of a word's small letters alone, as choosing.WORDS has them."""
    return f"regexp_replace(lower({column}), '[^a-z]', '')"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _acts(text: str | None) -> dict[Channel, Act]:
    """What the column says, of the known channels alone."""
    listed = [each.split("=") for each in (text or "").split(";") if each]
    ways = {str(channel): channel for channel in CHANNELS}
    return telling(*({ways[way]: (int(strength), moment(at))} for way, strength, at in listed))


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
        phone=row.get("phone"),
        phone_kind=row.get("phone_kind"),
        preferred=row.get("preferred_channel"),
        acts=_acts(row.get("acts")),
    )
