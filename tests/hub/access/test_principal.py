"""The gateway proves the signature and no more: each claim is read strictly."""

import pytest

from hub.access import PERMISSIONS, ROLES, principal_from
from hub.errors import Forbidden, Unauthenticated

NOW = 1_800_000_000
GOOD = {
    "sub": "4f0c2a8e",
    "username": "asha",
    "token_use": "access",
    "client_id": "ours",
    "iat": "1799999000",
    "exp": "1800000600",
    "cognito:groups": "[admin viewer]",
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"token_use": "id"}, "an id token says who somebody is, not what he may do"),
        ({"token_use": "ACCESS"}, "exactly this word"),
        ({"token_use": None}, "no use at all"),
        ({"client_id": "theirs"}, "another client of the same pool"),
        ({"client_id": None, "aud": "ours"}, "an audience is not a client"),
        ({"sub": None}, "nobody"),
        ({"sub": " "}, "nobody, spelt with a space"),
        ({"sub": 7}, "a number is no subject"),
        ({"username": None}, "a client without a user"),
        ({"exp": None}, "a token that never ends passes the gateway"),
        ({"exp": str(NOW)}, "over this second"),
        ({"exp": "1799999999"}, "over"),
        ({"exp": "never"}, "no time"),
        ({"exp": "9e12"}, "no digits"),
        ({"exp": "１８０００００６００"}, "digits of another script"),
        ({"exp": True}, "a truth is no time"),
        ({"exp": 1800000600.5}, "nor a fraction"),
        ({"iat": None}, "no revocation could reach it"),
        ({"cognito:groups": "admin"}, "not the gateway's form"),
        ({"cognito:groups": "[admin"}, "half of it"),
        ({"cognito:groups": ["admin"]}, "the gateway gives text"),
    ],
)
def test_refused(change, why):
    claims = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(Unauthenticated):
        principal_from(claims, "ours", NOW)


def test_a_client_that_is_not_set_is_nobodys():
    with pytest.raises(Unauthenticated):
        principal_from(GOOD | {"client_id": ""}, "", NOW)


@pytest.mark.parametrize(
    ("groups", "roles", "why"),
    [
        ("[admin viewer]", {"admin", "viewer"}, "the gateway's text"),
        ("[viewer]", {"viewer"}, "one"),
        ("[]", set(), "none"),
        (None, set(), "a user without a group has no such claim"),
        ("[superuser]", {"superuser"}, "a group that is no role of ours"),
        ("[admin,viewer]", {"admin,viewer"}, "one group with a comma in its name, which is no role"),
        ("[[admin]]", {"[admin]"}, "one group with brackets in its name, which is no role"),
        ("[Admin]", {"Admin"}, "roles are spelt exactly"),
    ],
)
def test_groups(groups, roles, why):
    claims = {name: value for name, value in (GOOD | {"cognito:groups": groups}).items() if value is not None}
    principal = principal_from(claims, "ours", NOW)
    assert principal.roles == roles, why
    known = roles & ROLES.keys()
    expected = {"signed_in"}.union(*(ROLES[role] for role in known))
    assert principal.permissions == expected, why


def test_a_principal_is_as_the_claims_say():
    principal = principal_from(GOOD | {"exp": 1800000600}, "ours", NOW)
    assert (principal.id, principal.username, principal.issued_at, principal.expires_at) == (
        "4f0c2a8e", "asha", 1799999000, 1800000600,
    )  # fmt: skip
    principal.require("users.manage")
    with pytest.raises(Forbidden):
        principal.require("everything")


def test_shipped_roles():
    assert set(ROLES) == {
        "admin", "operator", "data_engineer", "data_analysis_engineer", "analyst", "report_user", "marketer",
        "approver", "steward", "service", "sales", "auditor", "viewer",
    }  # fmt: skip
    assert ROLES["admin"] | {"signed_in"} == PERMISSIONS


@pytest.mark.parametrize(
    ("permission", "never", "why"),
    [
        ("campaigns.approve", "campaigns.write", "who writes a campaign does not release it"),
        ("customers.read", "reports.write", "who sees persons one by one does not query in bulk"),
        ("audit.read", "customers.read", "who reads the log is not in it"),
        ("users.manage", "nothing", "nobody but the admin"),
    ],
)
def test_duties_are_apart(permission, never, why):
    holders = {role for role, held in ROLES.items() if permission in held and role != "admin"}
    assert not {role for role in holders if never in ROLES[role]}, why
    if never == "nothing":
        assert holders == set(), why


MACHINE = {
    "sub": "m1",
    "token_use": "access",
    "client_id": "m1",
    "iat": "1799999000",
    "exp": "1800000600",
    "scope": "hub/customers.read hub/pulls.read",
}
MACHINES = {"m1": "crm"}


def test_a_machine_is_its_client_and_may_what_its_scopes_say():
    principal = principal_from(MACHINE, "ours", NOW, MACHINES)
    assert (principal.id, principal.username, principal.roles) == ("client:crm", "client:crm", frozenset())
    assert principal.permissions == {"signed_in", "customers.read", "pulls.read"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"token_use": "id"}, "an id token"),
        ({"token_use": None}, "no use at all"),
        ({"client_id": "m2"}, "a client that is not declared, or no longer"),
        ({"client_id": ["m1"]}, "a list is no client"),
        ({"client_id": "ours"}, "the users' client, without a user"),
        ({"sub": "somebody"}, "the subject of client credentials is the client"),
        ({"sub": None}, "nobody"),
        ({"username": "asha"}, "a user who came in by the machine's client"),
        ({"cognito:groups": "[admin]"}, "a machine is in no group"),
        ({"scope": None}, "no scope at all"),
        ({"scope": ["hub/customers.read"]}, "the gateway gives text"),
        ({"exp": None}, "a token that never ends"),
        ({"exp": str(NOW)}, "over this second"),
        ({"iat": None}, "no revocation could reach it"),
    ],
)
def test_a_machine_refused(change, why):
    claims = {name: value for name, value in (MACHINE | change).items() if value is not None}
    with pytest.raises(Unauthenticated):
        principal_from(claims, "ours", NOW, MACHINES)


@pytest.mark.parametrize(
    ("scope", "given", "why"),
    [
        ("hub/customers.read", {"customers.read"}, "one"),
        ("", set(), "none"),
        ("customers.read", set(), "no scope of this hub"),
        ("other/customers.read", set(), "another resource server's"),
        ("hub/hub/customers.read", set(), "the prefix twice"),
        ("hub/everything", set(), "no permission, or one that an upgrade took away"),
        ("hub/signed_in", set(), "given to all, by no scope"),
        ("hub/customers.read,hub/users.manage", set(), "parted by a comma"),
        ("aws.cognito.signin.user.admin hub/pulls.read", {"pulls.read"}, "beside one of the pool's own"),
    ],
)
def test_scopes(scope, given, why):
    assert principal_from(MACHINE | {"scope": scope}, "ours", NOW, MACHINES).permissions == given | {"signed_in"}, why


def test_a_user_gets_nothing_by_a_scope():
    claims = GOOD | {"cognito:groups": "[viewer]", "scope": "hub/users.manage"}
    assert not principal_from(claims, "ours", NOW, MACHINES).may("users.manage")
