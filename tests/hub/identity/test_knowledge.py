"""What the matcher knows before it learns."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hub.errors import ConfigError
from hub.identity import read, statements
from hub.identity.knowledge import Key

FOLDER = Path(__file__).parents[3] / "sql/identity"
KNOWN = read(FOLDER)


def test_every_level_has_its_usual_share_and_they_are_all():
    for field in KNOWN.fields.values():
        assert len(field.kind.usual) == len(field.kind.levels) + 1, field.name
        assert sum(field.kind.usual) == pytest.approx(1), field.name


def test_what_fields_and_keys_refer_to_is_there():
    for field in KNOWN.fields.values():
        assert {*field.within, *([field.crosses] if field.crosses else [])} <= set(KNOWN.fields)
    for key in KNOWN.keys:
        assert set(key.fields) <= set(KNOWN.fields)


def test_letters_are_told_once_and_have_one_letter_each():
    told, plain = KNOWN.letters
    assert len(told) == len(set(told)) >= len(plain)
    assert all(letter in "abcdefghijklmnopqrstuvwxyz0123456789 -'" for letter in plain)


def test_a_short_name_stands_for_one_name():
    shorts = [short for short, _ in KNOWN.nicknames]
    assert len(shorts) == len(set(shorts))
    assert not set(shorts) & {formal for _, formal in KNOWN.nicknames}


def test_shipped_as_json_it_is_the_same(tmp_path):
    for path in FOLDER.iterdir():
        if path.suffix == ".yaml":
            (tmp_path / f"{path.stem}.json").write_text(json.dumps(yaml.safe_load(path.read_text("utf-8"))))
        else:
            (tmp_path / path.name).write_text(path.read_text("utf-8"))
    assert read(tmp_path) == KNOWN


def test_only_what_is_mapped():
    chosen = KNOWN.of(["family", "given", "postcode"])
    assert list(chosen.fields) == ["given", "family", "postcode"]
    assert [key.number for key in chosen.keys] == [1 << at for at in range(len(chosen.keys))]
    assert "email" not in {field for key in chosen.keys for field in key.fields}


def test_a_field_crosses_or_lies_within_only_what_is_mapped_too():
    alone = KNOWN.of(["given", "email", "city", "family"])
    assert alone.fields["city"].within == ()
    assert "email_within" in alone.compared
    assert KNOWN.of(["given", "born"]).fields["given"].crosses is None


def test_without_names_of_persons_records_are_firms():
    """A firm is told by its name, which its neighbours do not share; persons who work for one are nobody's firm."""
    firms, people = KNOWN.of(["company", "city"]), KNOWN.of(["company", "city", "given", "family"])
    assert firms.fields["company"].personal and not people.fields["company"].personal
    assert any(key.firms for key in firms.keys) and not any(key.firms for key in people.keys)
    assert firms.firms and not people.firms
    assert not KNOWN.of(["email"]).firms, "addresses alone are people's"


def test_a_contact_is_its_owners_unless_records_are_firms():
    people, firms = KNOWN.of(["given", "family", "email"]), KNOWN.of(["company", "email"])
    assert people.fields["email"].owned > 0 == firms.fields["email"].owned
    assert people.compared["email_within"].owned == 0, "what lies within a name says what it says beyond it"


def test_coarse_keys_come_last_and_their_rules_are_left_out_by_a_remainder():
    chosen = KNOWN.of(KNOWN.fields)
    rules = [key.number for key in chosen.keys if not key.coarse]
    assert sum(rules) == chosen.fine - 1
    assert all(key.number % chosen.fine == 0 for key in chosen.keys if key.coarse)
    assert sum(key.number for key in chosen.keys) < 2**63


@pytest.mark.parametrize(
    ("sizes", "records", "caps", "why"),
    [
        ([], 1000, (100, 1), "nobody shares anything"),
        ([(1, 2, 5), (1, 300, 1), (2, 2, 5), (2, 100, 1)], 1000, (100, 100), "a small file: all of a coarse key too"),
        ([(2, 2, 150_000), (2, 3, 20_000)], 1000, (100, 2), "a large file: the rarest values only"),
        ([(1, 2, 100_000), (1, 20, 2_000), (1, 30, 500)], 1000, (29, 1), "no key costs more than half a million pairs"),
        ([(1, 2, 100_000), (1, 20, 2_000), (1, 30, 500)], 697_500, (100, 1), "nor more than there are records"),
        ([(1, 2, 600_000)], 1000, (10, 1), "ten records are compared whatever they cost"),
        ([(1, 200, 900)], 1000, (100, 1), "what the cap drops anyway lowers no cap"),
        ([(2, 2, 250_000)], 1000, (100, 1), "too many even of the rarest"),
        ([(2, 101, 1)], 1000, (100, 1), "no more than the cap in any case"),
    ],
)
def test_a_coarse_key_is_used_as_far_as_it_is_cheap(sizes, records, caps, why):
    two = replace(KNOWN, keys=(Key("fine", 1, ("email",), "email"), Key("coarse", 2, ("city",), "city", True)))
    assert tuple(statements.caps(two, sizes, 100, records).values()) == caps, why


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["given", "shoe"], "shoe: no such field; one of given, "),
        (["sex"], "sex: too little to find pairs by; map one of id_number; email"),
        ([], "nothing: too little to find pairs by"),
    ],
)
def test_what_cannot_be_matched_is_told(fields, message):
    with pytest.raises(ConfigError, match=message):
        KNOWN.of(fields)
