"""What a laptop says of its first data."""

from types import SimpleNamespace

import pytest

from infra.local import provision

ASKED, LATE = "asked for the first pull of 3 data sets", "the console's overview says why"


@pytest.mark.parametrize(
    ("out_after", "said", "why"),
    [
        (0, [], "a laptop that has a release was started before"),
        (30, [ASKED, "release r1 is out"], "as on a free machine"),
        (400, [ASKED, LATE, "release r1 is out"], "a busy machine: it is told where to look, and is waited for"),
        (10**6, [ASKED, LATE], "what never comes is told once"),
    ],
)
def test_a_first_release_is_told_whenever_it_comes(monkeypatch, out_after, said, why):
    now, lines = [0.0], []
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(provision, "time", clock)
    monkeypatch.setattr(provision, "say", lambda started, line: lines.append(line))
    hub = SimpleNamespace(complete_release=lambda: "r1" if now[0] >= out_after else None, pull_everything=lambda: 3)
    provision.first_data(hub, 0.0)
    assert len(lines) == len(said) and all(part in line for part, line in zip(said, lines, strict=True)), why
