"""What is written once: a worker whose lease is over leaves as it is what another one has written."""

import boto3
import pytest

from hub.errors import LeaseLost
from hub.pulls.objects import put
from tests.hub.pulls.conftest import VAULT

KEY = "landing/crm/contacts/one/batch-00001.json.gz"


def lost():
    raise LeaseLost("another worker is at crm.contacts")


def body():
    return boto3.client("s3").get_object(Bucket=VAULT, Key=KEY)["Body"].read()


def test_a_worker_without_its_lease_overwrites_nothing(cloud):
    put(VAULT, KEY, b"committed", lost)
    with pytest.raises(LeaseLost):
        put(VAULT, KEY, b"other", lost)
    assert body() == b"committed"


def test_the_same_again_is_no_conflict(cloud):
    """An answer was lost on its way, or an earlier worker wrote the same."""
    assert put(VAULT, KEY, b"same", lost) == put(VAULT, KEY, b"same", lost)


def test_who_has_the_lease_replaces_what_was_never_committed(cloud):
    put(VAULT, KEY, b"left behind", lost)
    put(VAULT, KEY, b"mine", lambda: None)
    assert body() == b"mine"
