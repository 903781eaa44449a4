"""Finding a JDK that is new enough, whatever else is installed."""

from pathlib import Path

import pytest

from infra.local.trino import jdk


def machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, homes: dict[str, str | None], java_home: str | None = None
) -> None:
    """Lay out JDK homes (name -> version; None: a folder that is no JDK) and nothing else that could be found."""
    for name, version in homes.items():
        home = folder / name
        (home / "bin").mkdir(parents=True)
        if version is not None:
            (home / "bin" / "javac").touch()
            (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n', encoding="utf-8")
    monkeypatch.setattr(jdk, "FOLDERS", (str(folder),))
    monkeypatch.setattr(jdk.shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if java_home:
        monkeypatch.setenv("JAVA_HOME", str(folder / java_home))


@pytest.mark.parametrize(
    ("homes", "java_home", "found", "reason"),
    [
        ({"old": "17.0.15", "new": "25.0.1"}, None, "new", "an older one beside it is passed over"),
        ({"a": "24", "b": "25.0.1"}, None, "b", "the newest wins"),
        ({"old": "17.0.15", "new": "25.0.1"}, "old", "new", "JAVA_HOME counts only when it is new enough"),
        ({"early": "26-ea", "x": None}, None, "early", "an early-access build has no dots"),
    ],
)
def test_finds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    homes: dict[str, str | None],
    java_home: str | None,
    found: str,
    reason: str,
) -> None:
    machine(tmp_path, monkeypatch, homes, java_home)
    assert jdk.find_jdk() == tmp_path / found, reason


@pytest.mark.parametrize(
    ("homes", "says", "reason"),
    [
        ({}, "found: none", "nothing installed"),
        ({"old": "17.0.15"}, "old (17)", "what was found is named, so that the user sees why it does not do"),
        ({"jre": None}, "found: none", "a folder without a compiler is no JDK"),
        ({"ancient": "1.8.0_392"}, "ancient (1)", "the old numbering is older than 24, not newer"),
    ],
)
def test_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, homes: dict[str, str | None], says: str, reason: str
) -> None:
    machine(tmp_path, monkeypatch, homes)
    with pytest.raises(jdk.MissingTool) as error:
        jdk.find_jdk()
    assert says in str(error.value), reason
    assert "JAVA_HOME" in str(error.value)


def test_says_that_maven_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdk.shutil, "which", lambda _: None)
    with pytest.raises(jdk.MissingTool, match="mvn"):
        jdk.find_maven()
