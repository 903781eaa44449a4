"""The profile of each data set, as its last pulls showed it: kept beside the pulls, no value of a person in it."""

from pydantic import BaseModel

from hub import aws
from hub.pulls.items import plain


class Shape(BaseModel):
    """A form that texts of a column have, and how many rows of the sample have it: `AA-999`."""

    form: str
    rows: int


class ColumnProfile(BaseModel):
    """One column of the sample. type, format: what its values look like. personal: what it seems to hold.

    declared: whether the manifest has it. What seems personal tells neither shapes nor bounds. mentions: in how many
    texts of a column that holds something else there is an e-mail address or a telephone number.
    """

    name: str
    declared: bool
    type: str
    format: str | None = None
    filled: int
    distinct: int
    personal: str
    shapes: list[Shape] = []
    least: str | None = None
    most: str | None = None
    mentions: dict[str, int] = {}


class DataSetProfile(BaseModel):
    """What the first rows that a pull staged look like. keys, change, deleted: what seems to identify, date and end a
    record. newest: the day of the newest change among them."""

    source: str
    data_set: str
    pull_id: str
    day: str
    rows: int
    keys: list[str] = []
    change: str | None = None
    deleted: str | None = None
    newest: str | None = None
    columns: list[ColumnProfile]


class Profiles:
    """The profiles in the control table, one of each data set."""

    def __init__(self, control_table: str) -> None:
        self._table = aws.table(control_table)

    def get(self, source: str, data_set: str) -> DataSetProfile | None:
        item = self._table.get_item(Key=_key(source, data_set)).get("Item")
        return DataSetProfile.model_validate(plain(item)) if item else None

    def put(self, profile: DataSetProfile) -> None:
        self._table.put_item(Item=_key(profile.source, profile.data_set) | profile.model_dump())


def _key(source: str, data_set: str) -> dict[str, str]:
    return {"pk": f"data_set#{source}.{data_set}", "sk": "profile"}
