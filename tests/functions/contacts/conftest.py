"""One customer with a point of every kind, behind the function of contacts."""

import json

import boto3
import pytest

from hub import config
from hub.campaigns import keys
from hub.customers.store import ProfileStore

WHO = "c" + "a" * 20
KEY = b"t" * 32
PROFILE = {
    "customer_id": WHO, "names": "Asha Rao", "email": "asha@example.com", "emails": "asha@example.com\nrao@example.com",
    "phone": "+919812345678", "phones": "+919812345678", "whatsapp": "+91 98123-45678", "fax": "020 555",
    "website": "Https://Asha.Example/Tea", "social": "Instagram:asha.rao\nx:@asha rao\ntea net:asha",
    "sources": "1", "records": "1", "source_keys": "crm:1", "marketing_consent": "true",
}  # fmt: skip


@pytest.fixture
def contacts(on_moto, gateway, new_table, tmp_path):
    hub = {"name": "test", "currency": "INR", "country": "IN"}
    (tmp_path / "deployment.json").write_text(json.dumps({"name": "test", "hub": hub, "sources": {}}))
    on_moto.setenv("HUB_HOME", str(tmp_path))
    config.read.cache_clear()
    on_moto.setenv("CONSENT_TABLE", "consent")
    on_moto.setenv("PROFILES_TABLE", "profiles")
    on_moto.setenv("TOKEN_KEY_PARAMETER", "/token-key")
    new_table("consent")
    new_table("profiles")
    ProfileStore("profiles", KEY).put_profiles([PROFILE], "r1")
    boto3.client("ssm").put_parameter(Name="/token-key", Value="t" * 32, Type="SecureString")
    keys.token_key.cache_clear()
    yield gateway("contacts")
    keys.token_key.cache_clear()
    config.read.cache_clear()
