"""Finds what Trino needs on this machine and Python does not bring: a JDK of version 24 or newer, and Maven."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

NEEDED = 24
FOLDERS = (
    "/usr/lib/jvm",
    "/usr/java",
    "/opt",
    "/opt/java",
    "/Library/Java/JavaVirtualMachines",
    "~/.jdks",
    "~/.sdkman/candidates/java",
)


class MissingTool(Exception):
    """A tool that Trino needs is not on this machine; the message says what to install."""


def find_jdk() -> Path:
    """The home of the newest JDK that is new enough, from JAVA_HOME, the path and the usual folders.

    Raises MissingTool when there is none.
    """
    found = {home: major for home in _homes() if (major := _version(home)) is not None}
    fitting = {home: major for home, major in found.items() if major >= NEEDED}
    if not fitting:
        seen = ", ".join(f"{home} ({major})" for home, major in found.items()) or "none"
        raise MissingTool(f"Trino needs a JDK {NEEDED} or newer; found: {seen}. Install one and set JAVA_HOME to it")
    return max(fitting, key=lambda home: fitting[home])


def find_maven() -> Path:
    """Maven's command; MissingTool when it is not on the path."""
    command = shutil.which("mvn")
    if command is None:
        raise MissingTool(
            "Trino's modules are fetched with Maven, and there is no `mvn` on the path. Install Maven 3.8 or newer"
        )
    return Path(command)


def _homes() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if java := shutil.which("java"):
        yield Path(java).resolve().parent.parent
    for folder in FOLDERS:
        for child in sorted(Path(folder).expanduser().glob("*")):
            yield child
            yield child / "Contents" / "Home"


def _version(home: Path) -> int | None:
    """The major version of the JDK in this folder, or None where there is no compiler."""
    release = home / "release"
    if not release.is_file() or not (home / "bin" / "javac").exists():
        return None
    match = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
    return int(match.group(1)) if match else None
