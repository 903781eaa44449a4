"""The SELECTs of `sql/identity`, filled in for the fields of a data set: the same text every time."""

from collections.abc import Iterable, Mapping, Sequence
from string import Template

from hub.identity.knowledge import Field, Key, Knowledge
from hub.identity.model import Model

SOUND_FROM, SOUND_TO = "bfpvcgjkqsxzdtlmnraeiouyhw", "111122222222334556"
USUAL_LETTERS = "ßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ"
NOTHING = ("na", "n/a", "nan", "none", "null", "nil", "unknown", "-", "--", ".", "?", "x", "xx", "xxx")
CHEAP = 200_000  # pairs that a coarse key may cost however few records there are
USUAL = 500_000  # pairs that another key may cost however few records there are
LEAST = 10  # records under one key that are compared whatever they cost
STEPS = 12  # replacements in one query
TELLING = 3  # values of a record that counts among those from whom is learned
NEVER = -60_000  # thousandths of a bit of what cannot be
MOST = 400  # characters of a value that are looked at: an edit distance of longer ones is refused by Trino


def render(known: Knowledge, step: str, **values: object) -> str:
    """One step of sql/identity with its parts filled in."""
    return Template(known.texts[step]).substitute({name: str(value) for name, value in values.items()})


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def name(column: str) -> str:
    """A column's name as Athena takes it, whatever it is called."""
    return '"' + column.replace('"', '""') + '"'


def standard(known: Knowledge, source: str, columns: Mapping[str, str], month_first: bool) -> str:
    """`columns` gives for each field the expression over the source's columns that makes its text."""
    letters, plain = (quoted(part) for part in known.letters)
    usual = [(letter, to) for letter, to in zip(*known.letters, strict=False) if letter in USUAL_LETTERS]
    few, few_plain = (quoted("".join(part)) for part in zip(*usual, strict=True))
    texts, forms = [], []
    for named in known.fields:
        cut = named
        spelt = f"translate({cut}, {letters}, {plain})"
        # letters that no table knows are compared by their code points: the same on each engine
        points = f"to_hex(to_utf8(substr({spelt}, 1, 60)))"
        odd = f"lower(coalesce(nullif(regexp_extract({spelt}, '^[ -~]*\\z'), ''), {points}))"
        short = f"translate(lower({cut}), {few}, {few_plain})"  # a long table is slow, and seldom needed
        rest = f"case when regexp_like({short}, '[^ -~]') then {odd} else {short} end"
        low = f"case when regexp_like({cut}, '[^ -~]') then {rest} else lower({cut}) end"
        texts.append(f"{low} as {named}")
    day, month = (
        ("[^0-9]([0-9]{1,2})[^0-9]", "^ *([0-9]{1,2})")
        if month_first
        else ("^ *([0-9]{1,2})", "[^0-9]([0-9]{1,2})[^0-9]")
    )
    for field in known.fields.values():
        told = ", ".join(quoted(each) for each in NOTHING)
        form = field.kind.standard.format(x=field.name, day=day, month=month, eight=1 if month_first else 3)
        forms.append(f"case when {field.name} not in ({told}) then nullif({form}, '') end as {field.name}")
    source = _spoken(known, source, columns)
    return render(known, "standard", source=source, plain=_list(texts, 8), forms=_list(forms, 4))


def _spoken(known: Knowledge, source: str, columns: Mapping[str, str]) -> str:
    """The fields' texts, Devanagari spelt by its syllables: a few steps in a query each, nesting has bounds."""
    before, after, steps = known.syllables
    first = {named: f"substr({columns[named]}, 1, {MOST})" for named in known.fields}
    inner = f"select source_key, {', '.join(f'{text} as {named}' for named, text in first.items())} from {source}"
    for start in range(0, len(steps), STEPS):
        texts = []
        for named in known.fields:
            text = f"translate({named} || ' ', {quoted(before)}, {quoted(after)})" if start == 0 else named
            for written, said in steps[start : start + STEPS]:
                text = f"replace({text}, {quoted(written)}, {quoted(said)})"
            texts.append(f"case when regexp_like({named}, '[ऀ-ॿ]') then {text} else {named} end as {named}")
        inner = f"select source_key, {', '.join(texts)} from ({inner}) as letters_{start}"
    return f"({inner})"


def sound(column: str) -> str:
    """How a name sounds, in four letters: its first, and the groups of the consonants behind it."""
    rest = f"translate(substr({column}, 2), '{SOUND_FROM}', '{SOUND_TO}')"
    for digit in "123456":
        rest = f"replace({rest}, '{digit}{digit}', '{digit}')"
    return f"translate(substr({column}, 1, 1), 'cqzv', 'kksw') || substr({rest}, 1, 3)"


def rarities(known: Knowledge, table: str) -> str:
    """How rare each value is, to be kept beside a model: what is new later does not change what was learned."""
    parts = [
        f"select {quoted(field.name)} as field, value, n, rarity from (\n{_rarities(field.name, table)}\n) as told"
        for field in known.fields.values()
        if field.rare
    ]
    nothing = (
        "select cast(null as varchar) as field, cast(null as varchar) as value, cast(null as bigint) as n, 0 as rarity "
        "where 1 = 0"
    )
    return "\nunion all\n".join(parts) or nothing


def _rarities(name: str, table: str) -> str:
    counted = f"select {name} as value, count(*) as n from {table} group by {name}"
    share = "cast(n as double) / sum(n) over ()"
    rarity = f"least(125, cast(round(0e0 - 8e0 * ln({share}) / ln(2e0)) as integer)) as rarity"
    return f"select value, n, {rarity} from ({counted}) as counted where value is not null"


def features(known: Knowledge, table: str, most: int, kept: str = "", unseen: int = 0) -> str:
    """`most` records may have a value that is a person's own.

    kept: a table of `rarities` instead of those of the records at hand; `unseen` is that of a value it lacks.
    """
    columns, joins = [], []
    for field in known.fields.values():
        at = f"records.{field.name}"
        columns.append(
            f"case when coalesce({field.name}_often.n, 1) <= {most} then {at} end as {field.name}" if field.own else at
        )
        if field.kind.sounds:
            columns.append(f"{sound(at)} as {field.name}_sound")
        if field.kind.formal:
            columns.append(f"coalesce(nicknames.formal, {at}) as {field.name}_formal")
            joins.append(f"left join nicknames on nicknames.short = {at}")
        if field.rare:
            often = f"{field.name}_often"
            if kept:
                rarity = f"case when {at} is not null then coalesce({often}.rarity, {unseen}) end"
                told = f"select value, n, rarity from {kept} where field = {quoted(field.name)}"
            else:
                rarity, told = f"{often}.rarity", _rarities(field.name, table)
            columns.append(f"{rarity} as {field.name}_rarity")
            joins.append(f"left join (\n    {told}\n) as {often} on {often}.value = {at}")
    short = ", ".join(f"({quoted(short)}, {quoted(formal)})" for short, formal in known.nicknames)
    return render(known, "features", standard=table, features=_list(columns), joins="\n".join(joins), nicknames=short)


def nobodys(known: Knowledge, table: str, most: int) -> str:
    """What was left out because too many have it: field, values, records, twice the pairs, the largest."""
    parts = [
        f"select {quoted(field.name)} as field, count(*) as found, cast(sum(n) as bigint) as records, "
        f"cast(sum(n * (n - 1)) as bigint) as twice_the_pairs, max(n) as largest\n"
        f"from (select count(*) as n from {table} where {field.name} is not null group by {field.name}) as counted\n"
        f"where n > {most} having count(*) > 0"
        for field in known.fields.values()
        if field.own
    ]
    return "\nunion all\n".join(parts) + "\norder by 1" if parts else ""


def keys(known: Knowledge, table: str) -> str:
    return "\n\nunion all\n\n".join(_key(key, table) for key in known.keys)


def caps(known: Knowledge, sizes: Iterable[Sequence[object]], most: int, records: int) -> dict[int, int]:
    """How many records may share a key of each rule: up to `most` as many as cost no more pairs than there are records.

    So the cost grows with the file, not with its square. `sizes` are (rule, records under a key, keys), in that order.
    """
    coarse = {key.number for key in known.keys if key.coarse}
    budgets = {key.number: CHEAP if key.coarse else max(USUAL, records) for key in known.keys}
    found = {key.number: 1 if key.coarse else most for key in known.keys}
    pairs = dict.fromkeys(found, 0)
    for rule, size, count in ((int(str(a)), int(str(b)), int(str(c))) for a, b, c in sizes):
        before, pairs[rule] = pairs[rule], pairs[rule] + count * (size * (size - 1) // 2)
        if rule in coarse and size <= most and pairs[rule] <= budgets[rule]:
            found[rule] = size
        elif rule not in coarse and before <= budgets[rule] < pairs[rule]:
            found[rule] = min(most, max(LEAST, size - 1))
    return found


def cap_of(chosen: Mapping[int, int]) -> str:
    """The caps as an expression over the rule of a bucket."""
    return "case buckets.rule " + " ".join(f"when {rule} then {cap}" for rule, cap in sorted(chosen.items())) + " end"


def _key(key: Key, table: str) -> str:
    there = " and ".join(f"{field} is not null" for field in key.fields)
    value = f"cast({key.number} as bigint) as rule, {key.sql} as value"
    return f"-- {key.name}\nselect record, {value}\nfrom {table}\nwhere {there}"


def levels(known: Knowledge, table: str, pairs: str) -> str:
    compared, found = [], []
    crossed = {field.crosses: field for field in known.fields.values() if field.crosses}
    for field in known.compared.values():
        if not field.base:
            compared += _compared(field)
        found.append(_level(field, crossed.get(field.column)))
        if field.rare:
            rare = f"{field.name}_rarity"
            found.append(f"case when l_{field.name} = r_{field.name} then l_{rare} else 0 end as {rare}")
    return render(known, "levels", features=table, pairs=pairs, levels=_list(found), compared=_list(compared, 8))


def _compared(field: Field) -> list[str]:
    of, distance = field.name, f"levenshtein_distance(a.{field.name}, b.{field.name})"
    suffixes = ["", *(["_sound"] if field.kind.sounds else []), *(["_formal"] if field.kind.formal else [])]
    found = [
        f"{side}.{of}{suffix} as {to}_{of}{suffix}" for suffix in suffixes for side, to in (("a", "l"), ("b", "r"))
    ]
    if field.rare:
        found.append(f"a.{of}_rarity as l_{of}_rarity")
    if any("{d}" in condition for _, condition in field.kind.levels):
        lengths = f"abs(length(a.{of}) - length(b.{of}))"
        near = f"{lengths} <= 2"  # more than two edits are all one, but where levels ask for a share of the length
        if any("{d} *" in condition for _, condition in field.kind.levels):
            near = f"({near} or {lengths} * 5 <= greatest(length(a.{of}), length(b.{of})) * 2)"
        near = f"a.{of} <> b.{of} and {near}"
        found.append(f"case when {near} then {distance} end as d_{of}")
    if field.crosses:
        to = field.crosses
        near = f"levenshtein_distance(a.{of}, b.{to}) <= 2 and levenshtein_distance(a.{to}, b.{of}) <= 2"
        same = f"a.{of} = b.{to} or a.{to} = b.{of}"
        other = f"a.{of} <> b.{of} and a.{to} <> b.{to}"
        found.append(f"case when ({same}) and {other} then case when {near} then 1 else 0 end else 0 end as x_{of}")
    return found


def _level(field: Field, partner: Field | None) -> str:
    of = field.column
    one, two = f"l_{of}", f"r_{of}"
    swapped = f"length({one}) = length({two}) and translate({one}, {two}, '') = '' and translate({two}, {one}, '') = ''"
    words = {"l": one, "r": two, "d": f"d_{of}", "n": f"greatest(length({one}), length({two}))", "swapped": swapped}
    top = field.kind.top
    cases = [f"when l_{of} is null or r_{of} is null then -1"]
    if field.base:
        other = " or ".join(f"l_{each} <> r_{each}" for each in field.within)
        cases.append(f"when coalesce({other}, true) then -1")
    elif field.within:
        cases.append(f"when {' and '.join(f'l_{each} = r_{each}' for each in field.within)} then -1")
    if field.crosses:
        cases.append(f"when x_{of} = 1 then {top + 1}")
    if partner:  # what is crossed is told once, by the other field
        cases.append(f"when x_{partner.name} = 1 then -1")
    cases += [
        f"when {condition.format(**words)} then {top - at}" for at, (_, condition) in enumerate(field.kind.levels)
    ]
    return "cast(case " + " ".join(cases) + f" else 0 end as tinyint) as {field.name}"


def chance(known: Knowledge, table: str) -> str:
    parts = [
        f"select {quoted(field)} as field, {field} as level, count(*) as pairs "
        f"from {table} where {field} >= 0 group by {field}"
        for field in known.compared
    ]
    return render(known, "chance", chance="\nunion all\n".join(parts))


def telling(known: Knowledge) -> str:
    """Whether a record has values enough to be of use to anybody; what has a name alone makes nobody rarer."""
    values = " + ".join(f"case when {field} is null then 0 else 1 end" for field in known.fields)
    return f"{values} >= {min(TELLING, len(known.fields))}"


def agreement(known: Knowledge, table: str) -> str:
    parts = [
        f"select {quoted(field)} as field, sum(cast(n as double) * n) as same, sum(cast(n as double)) as records "
        f"from (select count(*) as n from {table} where {field} is not null and {telling(known)} "
        f"group by {field}) as counted"
        for field in known.fields
    ]
    return render(known, "agreement", agreement="\nunion all\n".join(parts))


def counts(known: Knowledge, table: str, every: int) -> str:
    return render(known, "counts", levels=table, fields=", ".join(known.compared), every=every, fine=known.fine)


def scores(known: Knowledge, model: Model, table: str) -> str:
    person = [
        _weight(field, model.person[field.name], model.rare_person[field.name]) for field in known.compared.values()
    ]
    shared = [
        _weight(field, model.household[field.name], model.rare_household[field.name])
        for field in known.compared.values()
    ]
    if model.faint:
        shared.append(_reached(known))
    if model.thin:
        compared = " + ".join(f"case when {field} >= 0 then 1 else 0 end" for field in known.compared)
        thin = f"case when {compared} < {min(TELLING, len(known.fields))} then {model.thin} else 0 end"
        person, shared = [*person, thin], [*shared, thin]
    joint = "\n        + "
    return render(
        known,
        "scores",
        levels=table,
        person="\n        " + joint.join(person),
        household="\n        " + joint.join(shared),
    )


def _reached(known: Knowledge) -> str:
    """Nothing where two records share a telephone or an e-mail address; else no household."""
    ways = " or ".join(f"{field.name} = {field.kind.top}" for field in known.contacts)
    return f"case when {ways} then 0 else {NEVER} end"


def _weight(field: Field, weights: Mapping[int, int], rare: int | None) -> str:
    cases = []
    for level, weight in sorted(weights.items(), reverse=True):
        told = f"{rare} + 125 * {field.name}_rarity" if rare is not None and level == field.kind.top else f"{weight}"
        cases.append(f"when {level} then {told}")
    return f"case {field.name} {' '.join(cases)} else 0 end"


def located(known: Knowledge, table: str) -> str:
    """Records and their addresses, where a street, its number, and something that says where it is are known."""
    columns = located_by(known)
    if not columns:
        return "select cast(null as bigint) as record, cast(null as varchar) as address where 1 = 0"
    house, numbered, place = "''", "", f"records.{columns[-1]}"
    if "house" in columns:
        house = "coalesce(records.house, '')"
        numbered = " and (records.house is not null or regexp_like(records.street, '[0-9]'))"
    return (
        f"select records.record, {house} || ' ' || records.street || ' ' || {place} as address\n"
        f"    from {table} as records\n"
        f"    where records.street is not null and {place} is not null{numbered}"
    )


def located_by(known: Knowledge) -> list[str]:
    """The fields that make an address, the place behind the street; none where they are not enough."""
    places = [name for name in ("postcode", "city") if name in known.fields]
    if "street" not in known.fields or not places:
        return []
    return [*(["house"] if "house" in known.fields else []), "street", places[0]]


def reached_by(known: Knowledge) -> list[str]:
    """The fields by which somebody is reached."""
    return list(dict.fromkeys(field.column for field in known.contacts))


def household_edges(known: Knowledge, **tables: object) -> str:
    in_touch = " or ".join(f"coalesce(a.{name} = b.{name}, false)" for name in reached_by(known)) or "1 = 0"
    return render(known, "household_edges", in_touch=in_touch, **tables)


def _list(parts: Iterable[str], indent: int = 4) -> str:
    return f",\n{' ' * indent}".join(parts)
