"""Which secrets the pull may write back."""

from hub.config import load
from infra.operate import keys
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import HUB

OAUTH = "{kind: %s, secret: /hub/%s/key, token_url: 'https://login.example/token'}"


def test_only_a_refresh_token_is_written_back(tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "hub.yaml").write_text(HUB)
    for name, kind in (("crm", None), ("mail", "refresh_token"), ("desk", "client_credentials")):
        text = manifests.crm("https://api.example").replace("name: crm", f"name: {name}")
        if kind:
            text = text.replace("{kind: bearer, secret: /hub/crm/token}", OAUTH % (kind, name))
        (tmp_path / "sources" / f"{name}.yaml").write_text(text)
    deployment = load(tmp_path)
    assert keys.names(deployment) == ["/hub/crm/token", "/hub/desk/key", "/hub/mail/key"]
    assert keys.exchanged(deployment) == ["/hub/mail/key"]
