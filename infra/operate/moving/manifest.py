"""What an export says of itself. It is written last: an export without it was broken off."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.operate.moving.place import Place, scratch, sha256
from infra.operate.stage import OperateError

NAME = "manifest.json"
FORMAT: Literal[1] = 1
DEPLOYMENT = "deployment/"


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(Part):
    """One file of the export. name: its path below the place."""

    name: str
    bytes: int
    sha256: str


class Table(Part):
    """An Iceberg table as released. columns: with Hive's types. partitions: as in DDL, such as `month(sold_at)`."""

    name: Annotated[str, Field(pattern=r"^(vault|reporting)\.\w+$")]
    physical: Annotated[str, Field(pattern=r"^\w+$")]
    columns: dict[str, str]
    partitions: list[str]
    properties: dict[str, str]
    rows: int
    digest: str
    files: list[File]


class Partition(Part):
    """columns: where the partition has others than its table."""

    values: list[str]
    folder: str
    columns: list[dict[str, str]] | None = None


class HiveTable(Part):
    """A table over objects of the vault bucket. rows and digest are of its Parquet files, None of other files."""

    database: str
    name: str
    description: str
    folder: str
    columns: list[dict[str, str]]
    partition_keys: list[dict[str, str]]
    parameters: dict[str, str]
    storage: dict[str, Any]
    partitions: list[Partition]
    rows: int | None
    digest: str | None


class Items(Part):
    """The items of a table in DynamoDB, in DynamoDB's JSON, one a line. left_out: kinds that are not carried over."""

    table: str
    count: int
    digest: str
    left_out: dict[str, int]
    files: list[File]


class Objects(Part):
    """Objects of a bucket as they are; `index` has a line for each: key, bytes, sha256, and the file that holds it."""

    bucket: str
    count: int
    bytes: int
    digest: str
    index: File


class Anew(Part):
    """What an export never holds. secrets: SSM parameters that sources need. users: how many are in each group."""

    secrets: list[str]
    users: dict[str, int]
    keys: dict[str, str]
    note: str = (
        "Secrets, users and passwords are not exported. Make the users anew (the pool gives them new ids), put the "
        "secrets, and give the new hub the keys of the old one, whose fingerprints stand here, before the import."
    )


class Manifest(Part):
    format: Literal[1]
    export_id: str
    made_at: str
    stage: str
    release: str
    sql_version: str
    tables: list[Table]
    hive_tables: list[HiveTable]
    items: list[Items]
    objects: list[Objects]
    deployment: list[File]
    openapi: File
    anew: Anew

    @property
    def files(self) -> list[File]:
        """All files that the manifest itself names; those of objects stand in the indexes."""
        rows = [file for table in self.tables for file in table.files]
        items = [file for table in self.items for file in table.files]
        return [*rows, *items, *(each.index for each in self.objects), *self.deployment, self.openapi]


def put(where: Place, name: str, text: str | bytes) -> File:
    """Write a small file into the export."""
    with scratch() as file:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return keep(where, name, file)


def keep(where: Place, name: str, file: Path) -> File:
    """Take a file into the export; what the manifest shall say of it."""
    found = File(name=name, bytes=file.stat().st_size, sha256=sha256(file))
    where.keep(name, file)
    return found


def read(where: Place) -> Manifest:
    """The manifest of an export; OperateError where it has none, or one of another version."""
    there = where.sizes()
    if NAME not in there:
        raise OperateError(f"{where} has no {NAME}: it is no export, or one that was broken off; export again")
    with where.file(NAME) as file:
        content = file.read_text("utf-8")
    try:
        told = Told.model_validate_json(content)
        if told.format != FORMAT:
            raise OperateError(
                f"the export is of format {told.format}, this hub reads format {FORMAT}; import it with the version "
                "of the hub that wrote it"
            )
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise OperateError(f"{NAME} is damaged ({error.error_count()} errors); export again") from error


class Told(BaseModel):
    """What every version of a manifest says."""

    format: int


def deployed(hub: Path) -> dict[str, Path]:
    """The files of a deployment folder by name, without what is hidden in it."""
    listed = {path.relative_to(hub): path for path in sorted(hub.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): path
        for name, path in listed.items()
        if not any(part.startswith(".") or part == "__pycache__" for part in name.parts)
    }


def differing(told: Manifest, hub: Path) -> list[str]:
    """The files in which a deployment folder is another one than that of the export."""
    theirs = {file.name.removeprefix(DEPLOYMENT): file.sha256 for file in told.deployment}
    own = {name: sha256(path) for name, path in deployed(hub).items()}
    return sorted(name for name in theirs.keys() | own.keys() if theirs.get(name) != own.get(name))


def check(where: Place, files: list[File], there: dict[str, int]) -> None:
    """OperateError where one of the files lacks, or is not what was exported."""
    missing = [file.name for file in files if file.name not in there]
    if missing:
        raise OperateError(f"the export is incomplete: {len(missing)} files lack, such as {missing[0]}; export again")
    for file in files:
        with where.file(file.name) as path:
            same = there[file.name] == file.bytes and sha256(path) == file.sha256
        if not same:
            raise OperateError(f"the export is damaged: {file.name} is not what was exported; copy or export it again")
