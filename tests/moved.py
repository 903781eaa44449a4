"""Objects and items of a few stores that leave and arrive again, as a whole hub's do; nothing stays behind."""

from collections.abc import Iterable
from pathlib import Path

from hub import aws
from infra.operate.moving import items, objects
from infra.operate.moving.place import Folder
from infra.operate.moving.translated import Translation


def moved(folder: Path, bucket: str, tables: Iterable[str]) -> Translation:
    """The same bucket and tables, emptied and filled from an export; what changed on the way."""
    where = Folder(folder)
    told, _ = objects.export(where, objects.Source("vault", bucket))
    found = {name: items.export(where, name, name) for name in tables}
    s3 = aws.client("s3")
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"])
    for name in found:
        items.delete(name, lambda item: True)
    translation = Translation("test", "test", "")
    objects.bring(where, told, bucket, translation.arrived)
    for name, each in found.items():
        items.write(name, map(translation.control if name == "control" else dict, items.read(where, each)))
    return translation
