"""Bad bodies, uploads and manifests."""

import gzip

import pytest

from hub import config
from hub.errors import ConfigError, HubError
from hub.pulls.uploads import UploadRequest
from tests.functions.collect.test_collect import TOKEN
from tests.hub.bad.canaries import EMAIL, PERSON, WORD
from tests.hub.pulls.conftest import ROOT

# Bodies that are pushed, and uploads. Each row: kind, arguments; place, what


BODIES = [
    ("no JSON", {"body": PERSON.encode()}, "body", "not JSON"),
    ("a line is no JSON", {"body": b'{"event_id": "a"}\n' + PERSON.encode()}, "Line 2", "not JSON"),
    ("a line is no object", {"body": b'{"event_id": "a"}\n["' + PERSON.encode() + b'"]'}, "Line 2", "no object"),
    ("too many", {"body": b"[" + b"{}," * 10_000 + b"{}]"}, "body", "at most 10000 events"),
    ("no gzip", {"headers": {"content-encoding": "gzip"}, "body": PERSON.encode()}, "body", "no gzip"),
    ("another packing", {"headers": {"content-encoding": "br"}, "body": PERSON.encode()}, "body", "content-encoding"),
    ("unpacks to too much", {"headers": {"content-encoding": "gzip"}, "body": gzip.compress(bytes(9 << 20))}, "body",
     "at most 8 MB"),
    ("no proof", {"headers": {"authorization": f"Bearer {WORD}"}}, "request", "does not prove"),
    ("an odd id", {"headers": {"idempotency-key": EMAIL * 20}}, "id", "1 to 255 printable"),
]  # fmt: skip


def of_a_body(world, given, _):

    headers = {"authorization": f"Bearer {TOKEN}", **given.get("headers", {})}
    status, told, _ = world.collect(**{**given, "headers": headers})
    assert status in (400, 401, 413)
    return told["error"]["message"]


UPLOADS = [
    ("no such data set", {"data_set": "none"}, "calls.none", "no data set"),
    ("takes none", {"source": "crm", "data_set": "contacts"}, "crm.contacts", "takes no uploads"),
    ("another kind of file", {"file_name": f"{PERSON}.docx"}, "calls.calls", "files that end in"),
    ("a name with folders", {"file_name": f"../{PERSON}.csv"}, "name", "no folders"),
    ("too large", {"size": 6 << 30}, "file", "at most 5 GB"),
]


def of_an_upload(world, given, _):
    with pytest.raises(HubError) as refused:
        asked = {"source": "calls", "data_set": "calls", "file_name": "a.csv", "size": 1, **given}
        world.uploads.start(UploadRequest.model_validate(asked), "u")
    return refused.value.message


# Manifests. Each row: kind, what is right, what is written; place, what

CRM = (ROOT / "deployments/demo/sources/crm.yaml").read_text()
MANIFESTS = [
    ("no YAML", "name: crm", "name: [crm", "the file", "not YAML"),
    ("an unknown word", "required: true, personal: id}", "requried: true, personal: id}", "requried", "known key"),
    ("an unknown type", "type: boolean", "type: bool", "marketing_consent.type", "'bool' does not fit"),
    ("no column", "keys: {business: [contact_id]", "keys: {business: [contct_id]", "keys.business", "declared column"),
    ("no span", "overlap: 1 hour}", "overlap: an hour}", "changed_since.overlap", "span of time"),
    ("no rate", "rate_limit: 5 per second", "rate_limit: 5/s", "rate_limit", "rate"),
    ("no schedule", 'cron: "5 * * * ? *"', 'cron: "5 * * *"', "frequency.cron", "six fields"),
    ("no time zone", "time_zone: Asia/Kolkata", "time_zone: Asia/Kolkatta", "frequency.time_zone", "time zone"),
    ("a secret in clear", "secret: /hub/crm/token", f"secret: {WORD}", "authentication.secret", "secret itself"),
    ("a password in a header", "  authentication:", f"  headers: {{X-Api-Key: {WORD}}}\n  authentication:",
     "headers.X-Api-Key", "a secret in clear"),
    ("a key in the address", "${CRM_URL}", f'"https://crm.example/?api_key={WORD}"', "base_url", "password"),
    ("no address", "${CRM_URL}", "http://", "base_url", "is no address"),
    ("not set", "${CRM_URL}", "${CRM_URI}", "base_url", "variables"),
    ("no connector", "connector: rest", "connector: soap", "connector", "not a known connector"),
    ("not a number", "trust: 80", "trust: true", "trust", "whole number"),
    ("too high", "trust: 80", "trust: 180", "trust", "less than or equal"),
    ("a key is missing", "        source_key: contact_id\n", "", "entity.customer", "does not map source_key"),
    ("computed", "city: city", "city: city -- town", "customer.city", "comment"),
    ("the hub's own", "      gender: ", "      pull_id: ", "columns.pull_id", "the hub's own"),
    ("personal", "        lead_source: lead_source\n", "        collected_by: lower(full_name)\n",
     "customer.collected_by", "into reporting"),
]  # fmt: skip


def of_a_manifest(world, right, wrong):
    assert right in CRM
    home = world.folder / "deployment"
    (home / "sources").mkdir(parents=True, exist_ok=True)
    (home / "hub.yaml").write_text("name: t\ncurrency: INR\ncountry: IN\nvariables: {CRM_URL: https://crm.example}\n")
    (home / "sources/crm.yaml").write_text(CRM.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as refused:
        config.load(home)
    return refused.value.problems
