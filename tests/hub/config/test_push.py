"""What a manifest of a source that pushes may not say, each with its remedy."""

import pytest

from hub import config
from hub.errors import ConfigError

MANIFEST = """
name: store
description: A store.
owner: tests@example.org
trust: 30
connector: push
connection: {authentication: %s%s}
data_sets:
  orders:
    description: Orders.
    fetch: {%s}
    frequency: {%s}
    columns:
      order_id: {type: varchar}
      topic:    {type: varchar}
"""
SIGNED = "{kind: hmac, secret: /hub/store/key, header: X-Signature%s}"
TIMED = ", timestamp: {header: X-Time%s}"
WRONG = [
    ("{kind: hmac, header: X-Signature}", "", "", "hmac and needs `secret:`", "no key"),
    ("{kind: hmac, secret: /hub/store/key}", "", "", "needs `header:`", "no header"),
    ("{kind: token}", "", "", "token and needs `secret:`", "no token"),
    ("{kind: origin, write_key: site-write-key}", "", "", "needs `origins:`", "no origin"),
    ("{kind: origin, write_key: site-write-key, origins: ['https://a.example/shop']}", "", "", "no path", "a path"),
    ("{kind: origin, write_key: site-write-key, origins: ['*']}", "", "", "is no origin", "any page"),
    ("{kind: token, secret: /hub/store/key, write_key: site-write-key}", "", "", "is for origin", "another's word"),
    ("{kind: token, secret: /hub/store/key, encoding: base64}", "", "", "is for hmac", "another's word"),
    ("{kind: basic, secret: /hub/store/key}", "", "", "connection.authentication.kind", "an unknown kind"),
    ("{kind: token, secret: /hub/dev/token-key}", "", "", "is not a source's", "the hub's own key"),
    (SIGNED % (TIMED % ", signed: '{body}'"), "", "", "{timestamp} and {body} once each", "unsigned moment"),
    (SIGNED % (TIMED % ", tolerance: 2 days"), "", "", "at most 1 hour", "an old request"),
    (SIGNED % "", "headers: {topik: X-Topic}", "", "did you mean 'topic'", "a field that nobody declares"),
    (SIGNED % "", "parent: {topic: id}", "", "lead through a list", "a parent without a list"),
    (SIGNED % "", "event_id: order.id", "", "event_id", "no path"),
    (SIGNED % "", "", "class: real-time, rate: 5 minutes", "take the schedule out", "two ways to be pulled"),
]


def load(folder, proof, fetch="", frequency="class: real-time", more=""):
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "hub.yaml").write_text("name: test\ncurrency: INR\ncountry: IN\n")
    (folder / "sources/store.yaml").write_text(MANIFEST % (proof, more, fetch, frequency))
    return config.load(folder)


@pytest.mark.parametrize(("proof", "fetch", "frequency", "told", "why"), WRONG, ids=[why for *_, why in WRONG])
def test_what_is_wrong_is_said_with_its_remedy(tmp_path, proof, fetch, frequency, told, why):
    with pytest.raises(ConfigError) as error:
        load(tmp_path, proof, fetch, frequency or "class: real-time")
    assert told in str(error.value), why
    assert "store.yaml:" in str(error.value)


def test_what_is_right_survives_compiling(tmp_path):
    made = load(tmp_path, SIGNED % (TIMED % ""), more=", verification: {kind: meta, secret: /hub/store/verify}")
    assert config.Deployment.model_validate_json(made.model_dump_json()) == made
    assert made.sources["store"].data_sets["orders"].replaces is None, "what is not pushed is not gone"
