"""Fetching Trino's modules into a fresh clone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.trino import server

MAVEN = """#!/bin/sh
echo fetched >> {home}/calls
for word in "$@"; do case "$word" in -DoutputDirectory=*) mkdir "${{word#*=}}" || exit 1;; esac; done
exit {code}
"""


def maven(home: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A Maven that counts its calls and wants a new folder."""
    script = home / "mvn"
    script.write_text(MAVEN.format(home=home, code=code), encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(server, "find_maven", lambda: script)
    monkeypatch.setattr(server, "find_jdk", lambda: home)


def test_several_at_once_fetch_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven(tmp_path, monkeypatch, code=0)
    with ThreadPoolExecutor(8) as workers:
        found = set(workers.map(server.install, [tmp_path] * 8))
    assert found == {tmp_path / "jars"}
    assert (tmp_path / "calls").read_text(encoding="utf-8").splitlines() == ["fetched"]


def test_what_could_not_be_fetched_is_tried_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven(tmp_path, monkeypatch, code=1)
    for _ in range(2):
        with pytest.raises(server.TrinoError, match=r"maven\.log"):
            server.install(tmp_path)
    maven(tmp_path, monkeypatch, code=0)
    assert server.install(tmp_path) == tmp_path / "jars"
