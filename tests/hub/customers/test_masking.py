"""Who sees what is sensitive: a need may tell of a person's health."""

import pytest

from hub.access import ROLES
from hub.customers.masking import masked


@pytest.mark.parametrize("role", sorted(ROLES))
def test_special_needs_are_seen_by_who_serves_and_nobody_else(role):
    shown = masked({"customer_id": "c1", "special_needs": "large print"}, [role])
    assert (shown["special_needs"] == "large print") == (role in ("steward", "service"))
