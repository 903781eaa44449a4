"""Operating a stage: the bodies of make's synth, diff, deploy, secret, smoke, destroy and the connector kit."""

import re


def stage_problem(name: str) -> str | None:
    """What is wrong with a stage's name; None where it may be used."""
    if re.fullmatch(r"[a-z][a-z0-9]{0,15}", name):
        return None
    return f"STAGE: {name!r}: must be up to 16 lower-case letters and digits, a letter first"
