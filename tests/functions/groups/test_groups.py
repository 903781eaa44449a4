"""Groups of customers through the API: sharing and taking back, asking until it ends, search among members."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from hub.customers.store import ProfileStore
from hub.customers.tokens import token_key
from hub.groups.desk import Groups
from hub.settings import GroupsSettings

KEY = "tests' token key"
FIELDS = ("full_name", "email", "phone", "names", "emails", "phones", "source_keys")
PEOPLE = {
    "casha": ("Asha Rao", "asha@x.in"), "cravi": ("Ravi Rao", "ravi@x.in"), "cmeera": ("Meera Iyer", "m@x.in"),
    "clakshmi": ("Lakshmi Nair", "l@x.in"), "cout": ("Asha Singh", "out@x.in"),
}  # fmt: skip
WISH = {"right": "read", "days": 30, "why": "The shops of the north call them in March."}


def profile(customer_id, name, email):
    told = {"full_name": name, "names": name, "email": email, "emails": email, "source_keys": f"crm:{customer_id}"}
    counts = {
        "sources": "1",
        "records": "1",
        "customer_since": "2020-01-01 00:00:00",
        "changed_at": "2026-01-01 00:00:00",
    }
    return dict.fromkeys(FIELDS) | told | counts | {"customer_id": customer_id, "provenance": "{}"}


@pytest.fixture
def api(on_moto, gateway, new_table):
    for name, value in {
        "LIBRARY_TABLE": "library", "PROFILES_TABLE": "profiles", "TOKEN_KEY_PARAMETER": "/hub/test/token-key",
    }.items():  # fmt: skip
        on_moto.setenv(name, value)
    boto3.client("ssm").put_parameter(Name="/hub/test/token-key", Value=KEY, Type="SecureString")
    new_table("library")
    new_table("profiles")
    token_key.cache_clear()
    people = [profile(key, *told) for key, told in PEOPLE.items()]
    ProfileStore("profiles", KEY.encode()).put_profiles(people, "r1")
    return gateway("groups")


def made(api, listed=True, members=("casha", "cravi", "cmeera", "clakshmi")):
    given = api("POST", "/v1/groups", {"name": "Fair 2026", "listed": listed}, role="sales", user="owner")
    assert given.status == 201
    path = f"/v1/groups/{given.body['group_id']}"
    assert api("PATCH", path, {"add": list(members)}, role="sales", user="owner").status == 200
    return path


def ids(answer):
    return [each["customer_id"] for each in answer.body["items"]]


def test_a_group_is_shared_with_a_department_and_taken_back(api, audited):
    path = made(api, listed=False)
    members = f"{path}/members"
    assert api("GET", members, role="service", user="other").status == 404, "who may not see it does not learn of it"
    assert api("GET", "/v1/groups", role="service", user="other").body["items"] == []
    shared = api("PATCH", path, {"share": {"to": "role:service"}}, role="sales", user="owner")
    assert shared.body["shares"]["role:service"]["right"] == "read"
    assert len(ids(api("GET", members, role="service", user="other"))) == 4
    (seen,) = api("GET", "/v1/groups", role="service", user="other").body["items"]
    assert (seen["right"], seen["shares"]) == ("read", None)
    assert api("PATCH", path, {"remove": ["cravi"]}, role="service", user="other").status == 403, (
        "to read is not to write"
    )
    api("PATCH", path, {"share": {"to": "user:other", "right": "write"}}, role="sales", user="owner")
    assert api("PATCH", path, {"remove": ["cravi"]}, role="service", user="other").status == 200
    assert api("PATCH", path, {"share": {"to": "user:x"}}, role="service", user="other").status == 403, "nor to share"
    for to in ("role:service", "user:other"):
        assert api("PATCH", path, {"unshare": to}, role="sales", user="owner").status == 200
    assert api("GET", members, role="service", user="other").status == 404
    assert api("DELETE", path, role="service", user="other").status == 404
    assert api("DELETE", path, role="sales", user="owner").status == 204
    assert api("GET", members, role="sales", user="owner").status == 404
    actions = [action for action, _ in audited()]
    assert actions[:2] == ["groups.create", "groups.change"] and actions.count("groups.share") == 4


def test_who_asks_is_answered_and_his_right_ends_by_itself(api):
    path = made(api)
    (seen,) = api("GET", "/v1/groups", role="service", user="other").body["items"]
    assert (seen["name"], seen["right"]) == ("Fair 2026", "none"), "he sees that there is something to ask for"
    assert api("GET", f"{path}/members", role="service", user="other").status == 403
    asked = api("POST", f"{path}/requests", WISH, role="service", user="other").body
    assert api("POST", f"{path}/requests", WISH, role="service", user="other").status == 409, "he waits already"
    answer = f"{path}/requests/{asked['request_id']}/answer"
    assert api("POST", answer, {"verdict": "approve"}, role="service", user="other").status == 403
    (waiting,) = api("GET", f"{path}/requests", role="sales", user="owner").body["items"]
    assert (waiting["why"], waiting["state"], waiting["by"]) == (WISH["why"], "waiting", "other")
    assert api("GET", f"{path}/requests", role="service", user="third").body["items"] == []
    approved = api("POST", answer, {"verdict": "approve", "days": 7}, role="sales", user="owner").body
    assert (approved["state"], approved["answered_by"]) == ("approved", "owner")
    assert api("POST", answer, {"verdict": "refuse"}, role="sales", user="owner").status == 409, "it has its answer"
    assert len(ids(api("GET", f"{path}/members", role="service", user="other"))) == 4
    end = datetime.fromisoformat(approved["until"])
    assert timedelta(days=6, hours=23) < end - datetime.now(UTC) <= timedelta(days=7)
    for moment, status in ((end - timedelta(seconds=1), 200), (end, 403)):
        desk = Groups(GroupsSettings.read(), lambda at=moment: at)
        api.module.groups = lambda at=desk: at
        assert api("GET", f"{path}/members", role="service", user="other").status == status, moment
    api.module.groups = lambda: Groups(GroupsSettings.read(), lambda: end)
    again = api("POST", f"{path}/requests", WISH, role="service", user="other")
    assert again.status == 201, "who had a right may ask anew"
    refused = api("POST", f"{path}/requests/{again.body['request_id']}/answer", {"verdict": "refuse"}, user="owner")
    assert refused.body["state"] == "refused"
    assert api("GET", f"{path}/members", role="service", user="other").status == 403


SEARCHES = [
    ("asha", ["casha"], "only members: another Asha is none"),
    ("rao", ["casha", "cravi"], "a family name of two"),
    ("Laxmi", ["clakshmi"], "another spelling of the sound"),
    ("meara iyer", ["cmeera"], "a wrong letter"),
    ("ravi@x.in", ["cravi"], "an address"),
    ("crm:casha", [], "no reading of it fits"),
    ("casha", ["casha"], "a source's key"),
    ("singh", [], "nobody among them"),
    ("", ["casha", "clakshmi", "cmeera", "cravi"], "all"),
]


def test_search_among_the_members_of_a_group(api):
    path = made(api)
    for query, found, why in SEARCHES:
        asked = {"q": query} if query else {}
        text = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in asked.items())
        answer = api("GET", f"{path}/members", query=text, role="service", user="owner")
        assert sorted(ids(answer)) == found, why
    (asha,) = api("GET", f"{path}/members", query="q=asha", role="sales", user="owner").body["items"]
    assert asha["email"] == "a***@x.in" or "email" not in asha["masked"], "masked as everywhere"


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"add": ["nobody"]}, 422, "only customers are members"),
        ({"share": {"to": "everybody"}}, 422, "a role or a user"),
        ({"share": {"to": "role:service", "days": 0}}, 422, "no day at all"),
        ({"colour": "red"}, 422, "no such field"),
        ({}, 200, "nothing to do"),
    ],
)
def test_changes_that_are_none(api, change, status, why):
    assert api("PATCH", made(api), change, role="sales", user="owner").status == status, why


def test_a_merged_member_is_whom_he_was_merged_into(api):
    path = made(api, members=("casha", "cravi"))
    ProfileStore("profiles", KEY.encode()).remove_profiles([{"customer_id": "cravi", "moved_to": "casha"}], "r2")
    assert ids(api("GET", f"{path}/members", role="sales", user="owner")) == ["casha"]
