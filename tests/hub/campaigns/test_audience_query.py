"""What the audience query asks and how its rows are read; that it gives the right people is proven on a lake."""

from pathlib import Path

import pytest

from hub.campaigns.audience_query import FOUNDED, _candidate
from hub.errors import InvalidInput

MODEL = Path(__file__).parents[3] / "sql/vault/customer_match/model.sql"


def test_earlier_ids_are_made_as_the_model_makes_ids():
    assert FOUNDED.replace("record_key", "founders.founding_record_key") in MODEL.read_text()


def test_acts_and_wishes_are_read_from_the_row():
    row = {"customer_id": "c1", "known": True, "earlier": None, "phone": "+919812345678", "preferred_channel": "SMS"}
    acts = "email=1=2026-01-02 08:00:00;email=2=2026-01-01 08:00:00;sms=1=2026-01-03 08:00:00"
    found = _candidate(row | {"acts": acts})
    assert (found.phone, found.phone_kind, found.preferred) == ("+919812345678", None, "SMS")
    assert found.acts == {"email": (2, "2026-01-01 08:00:00"), "sms": (1, "2026-01-03 08:00:00")}
    assert _candidate(row).acts == {}


def test_a_text_that_is_no_id_ends_the_freeze_with_a_reason():
    with pytest.raises(InvalidInput, match="customer_id of 101 characters"):
        _candidate({"customer_id": "x" * 101, "known": False, "earlier": None})
