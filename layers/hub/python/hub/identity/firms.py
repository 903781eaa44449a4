"""Names of firms: which spellings are one company, and which others look like it. Three tables in a run's scratch.

What a form at law is, and how alike two names are, is what the matcher knows of firms (`firm` of kinds.yaml).
"""

from dataclasses import replace

from hub.identity import statements
from hub.identity.knowledge import Knowledge
from hub.identity.matcher import Engine

FIELD = "company"
CAP = 60  # names under one key


def find(engine: Engine, known: Knowledge, names: str, prefix: str) -> None:
    """`names` is a SELECT that gives a column `company`, each name once; leaves `company` and `company_like`."""
    engine.create(f"{prefix}company", spellings(known, names))
    keys = statements.render(known, "firm_keys", company=f"{prefix}company", sound=statements.sound("name_key"))
    engine.create(f"{prefix}firm_keys", keys)
    like = statements.render(known, "firm_like", keys=f"{prefix}firm_keys", cap=CAP, alike=_alike(known))
    engine.create(f"{prefix}company_like", like)


def spellings(known: Knowledge, names: str) -> str:
    """Each name with its spelling without the form at law, and the company that it is, whatever else there is."""
    of = replace(known, fields={FIELD: known.fields[FIELD]})
    source = f"(select {FIELD} as source_key, {FIELD} from (\n{names}\n) as names)"
    standard = statements.standard(of, source, {FIELD: FIELD}, month_first=False)
    digits = "lower(substr(to_hex(sha256(to_utf8(name_key))), 1, 20))"
    return (
        f"select name, spelt, name_key, concat('f', translate({digits}, '0189', 'ghij')) as company_id\n"
        f"from (\nselect source_key as name, {FIELD} as spelt, replace({FIELD}, ' ', '') as name_key\n"
        f"from (\n{standard}\n) as standard\nwhere {FIELD} is not null\n) as keyed"
    )


def _alike(known: Knowledge) -> str:
    """The levels of firms but the best one, which makes two names one company, and what short names need besides."""
    swapped = "d = 2 and translate(one, two, '') = '' and translate(two, one, '') = ''"
    (_, *levels) = known.fields[FIELD].kind.levels
    cases = [(name, text.format(l="l", r="r", d="d", n="n", swapped=swapped)) for name, text in levels]
    sounds = f"{statements.sound('one')} = {statements.sound('two')} and d * 3 <= n and n < 9"
    cases += [("swapped", swapped), ("sound", sounds)]
    return "case " + " ".join(f"when {text} then {statements.quoted(name)}" for name, text in cases) + " end"
