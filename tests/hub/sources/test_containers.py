"""gzip and zip by their bytes; what is cut off, damaged, locked, nested or a bomb is refused in words."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from hub.sources import SourceError, containers
from tests.hub.sources.reading import fetch_of, parts_of, ranged, read

CSV = b"id,name\n1,a\n2,b\n"
ROWS = [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]


def zipped(*files, **options):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", options.get("compression", zipfile.ZIP_DEFLATED)) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return sink.getvalue()


def tarred():
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"), io.BytesIO())
    return sink.getvalue()


def locked():
    data = bytearray(zipped(("a.csv", CSV)))
    for mark, behind in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + behind] |= 1
    return bytes(data)


GOOD = [
    (gzip.compress(CSV), "gzip"),
    (gzip.compress(CSV[:10]) + gzip.compress(CSV[10:]), "gzip in two parts, as rotated logs are"),
    (zipped(("a.csv", CSV)), "zip"),
    (zipped(("whatever", CSV)), "the only file is read, whatever it is called"),
    (zipped(("a.csv", CSV), compression=zipfile.ZIP_LZMA), "packed in an unusual way"),
    (zipped(("a.csv", CSV[:12]), ("__MACOSX/._a.csv", b"x"), ("b.csv", b"id,name\n2,b\n")), "two that fit"),
    (zipped(("a.csv", CSV), ("readme.md", b"# hello")), "one that does not fit beside it"),
]


@pytest.mark.parametrize(("data", "why"), GOOD, ids=[row[1] for row in GOOD])
def test_packed_files(data, why):
    assert read(data) == (ROWS, []), why


BAD = [
    (gzip.compress(CSV * 500)[:-20], "is cut off behind byte", "gzip without its end"),
    (gzip.compress(CSV)[:-8] + b"\0" * 8, "is damaged behind byte", "gzip with another checksum"),
    (zipped(("a.csv", CSV))[:-20], "zip without a sound list of its files", "zip without its end"),
    (zipped(("a.csv", CSV)).replace(CSV[:2], b"XX", 1)[:40] + b"\0" * 90, "without a sound list", "zip overwritten"),
    (locked(), r"file \(a.csv\) is locked by a password", "zip with a password"),
    (zipped(("a.csv", gzip.compress(CSV))), r"file \(a.csv\) is an archive within", "gzip in zip"),
    (gzip.compress(zipped(("a.csv", CSV))), "file is an archive within", "zip in gzip"),
    (zipped(("a.md", b"1"), ("b.md", b"2")), "holds 2 files, none of which is called like csv", "nothing fits"),
    (bz2.compress(CSV), "is packed as bzip2", "bzip2"),
    (lzma.compress(CSV), "is packed as xz", "xz"),
    (tarred(), "is packed as tar", "tar"),
    (gzip.compress(tarred()), "is packed as tar", "tar.gz"),
]


@pytest.mark.parametrize(("data", "told", "why"), BAD, ids=[row[2] for row in BAD])
def test_what_is_not_unpacked_is_told(data, told, why):
    with pytest.raises(SourceError, match=told) as refused:
        read(data)
    assert refused.value.message.startswith("drop/x/file"), why


def test_bombs(monkeypatch):
    monkeypatch.setattr(containers, "FREE", 1 << 20)
    bomb = b"id\n" + b"1\n" * (2 << 20)
    for data in (gzip.compress(bomb), zipped(("a.csv", bomb))):
        with pytest.raises(SourceError, match="unpacks to more than 250 times its size"):
            read(data)
    monkeypatch.setattr(containers, "MOST", 1 << 20)
    with pytest.raises(SourceError, match="split it into several files"):
        read(zipped(("a.csv", bomb)))


def test_a_bomb_costs_no_memory(monkeypatch):
    """Nothing beyond the bound is unpacked: a gigabyte in a megabyte stops at the bound."""
    monkeypatch.setattr(containers, "FREE", 1 << 20)
    packed = gzip.compress(b"\n" * (64 << 20))
    (member,) = containers.members(ranged(packed), "x", fetch_of())
    stream, size = member.open(), 0
    with pytest.raises(SourceError):
        while data := stream.read(1 << 18):
            size += len(data)
    assert size < 20 << 20


def test_a_zip_that_lies_about_its_sizes():
    data = zipped(("a.csv", b"id\n" + b"1\n" * 5000))
    lie = data.replace((3 + 10000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != data
    with pytest.raises(SourceError, match="is damaged"):
        read(lie)


def test_members_are_told_apart():
    data = zipped(("b.csv", CSV), ("a.csv", CSV))
    assert [member.key for member, _ in parts_of(data, fetch_of())] == ["a.csv", "b.csv"]
