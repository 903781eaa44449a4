"""Messages of a deployment folder's mistakes: file, line, field, what is wrong, remedy."""

import pytest

from hub import config
from hub.errors import ConfigError, SettingsError
from tests.hub.pulls.conftest import ROOT

HUB = "name: test\ncurrency: INR\ncountry: IN\nvariables: {CRM_URL: https://crm.example}\n"
CRM = (ROOT / "deployments/demo/sources/crm.yaml").read_text()


@pytest.fixture
def problems(tmp_path):
    """The problems of a folder of one source."""

    def found(source=CRM, hub=HUB, name="crm", **files):
        (tmp_path / "sources").mkdir(exist_ok=True)
        (tmp_path / "hub.yaml").write_text(hub)
        (tmp_path / f"sources/{name}.yaml").write_text(source)
        for file, text in files.items():
            (tmp_path / f"{file}.yaml").write_text(text)
        try:
            config.load(tmp_path)
        except ConfigError as error:
            return error.problems
        return []

    return found


@pytest.mark.parametrize("folder", ["demo", "datasets"])
def test_shipped_deployments_are_sound_and_survive_compiling(folder, tmp_path):
    config.read.cache_clear()
    loaded = config.load(ROOT / "deployments" / folder)
    (tmp_path / "deployment.json").write_text(loaded.model_dump_json())
    assert config.read(tmp_path) == loaded


def test_a_function_without_its_configuration_says_so(tmp_path):
    with pytest.raises(SettingsError, match=r"deployment\.json is missing"):
        config.read(tmp_path / "nowhere")


def line_of(text, part):
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


MISTAKES = [
    (
        "required: true, personal: id}",
        "requried: true, personal: id}",
        "contact_id.requried",
        "did you mean 'required'?",
    ),
    ("type: boolean", "type: bool", "marketing_consent.type", "'bool' does not fit"),
    ("personal: birth_date", "personal: birthday", "born_on.personal", "it must be 'none', 'name'"),
    ("check: {one_of: [lead", "check: {oneof: [lead", "stage.checks.0.rule", "it must be 'email', 'phone', 'one_of'"),
    ("check: {between: [1900-01-01, today]}", "check: {between: [1900-13-01, today]}", "born_on", "is not a date"),
    ("check: {phone: IN}", "check: {phone: India}", "mobile", "country of two letters"),
    ("keys: {business: [contact_id]", "keys: {business: [contct_id]", "keys.business", "did you mean 'contact_id'?"),
    ("column: updated_at, overlap", "column: updatd_at, overlap", "changed_since.column", "did you mean 'updated_at'?"),
    ("overlap: 1 hour}", "overlap: an hour}", "changed_since.overlap", "write for example `90 minutes`"),
    ("rate_limit: 5 per second", "rate_limit: 5/s", "rate_limit", "write for example `5 per second`"),
    ("      customer:", "      custmer:", "entity.custmer", "did you mean 'customer'?"),
    ("        full_name: full_name", "        fullname: full_name", "customer.fullname", "did you mean 'full_name'?"),
    (
        "        email: email",
        "        email: mail",
        "customer.email",
        "'mail' is not a declared column; did you mean 'email'?",
    ),
    ("source_key: contact_id", "source_key: upper(contact_id)", "customer.source_key", "a key is not computed"),
    ("        source_key: contact_id\n", "", "entity.customer", "does not map source_key"),
    ('cron: "5 * * * ? *"', 'cron: "5 * * *"', "frequency.cron", "six fields"),
    ('cron: "5 * * * ? *"', 'cron: "5 * * * * *"', "frequency.cron", "a ? in exactly one of day and weekday"),
    (
        "time_zone: Asia/Kolkata, importance",
        "time_zone: Asia/Kolkatta, importance",
        "frequency.time_zone",
        "not a time zone",
    ),
    ("secret: /hub/crm/token", "secret: abc123", "authentication.secret", "never the secret itself"),
    ("${CRM_URL}", "${CRM_URI}", "base_url", "add it to `variables:` in hub.yaml (did you mean 'CRM_URL'?)"),
    ("connector: rest", "connector: soap", "connector", "'soap' is not a known connector"),
    ("name: crm", "name: crn", "name", "the file is crm.yaml"),
    ("trust: 80", "trust: 180", "trust", "less than or equal to 100"),
    ("next: $.next_cursor, ", "", "fetch.paging", "add `next: $.next_cursor`"),
]


@pytest.mark.parametrize(
    ("right", "wrong", "field", "remedy"), MISTAKES, ids=[row[1].strip() or row[0] for row in MISTAKES]
)
def test_a_mistake_is_named_with_its_line_and_remedy(problems, right, wrong, field, remedy):
    source = CRM.replace(right, wrong, 1)
    assert source != CRM
    found = problems(source)
    fitting = [each for each in found if remedy in each]
    assert fitting, found
    file, line, named, _ = fitting[0].split(":", 3)
    assert (file, named.strip().endswith(field)) == ("sources/crm.yaml", True), fitting[0]
    if wrong.strip():
        assert abs(int(line) - line_of(source, wrong.strip())) <= 1 or field.startswith("fetch"), fitting[0]


KEYS = "    keys: {business: [contact_id]"
DELETES = [
    ("hard_deletes: detect", "hard_deletes", "take out one of the two", "what changed says nothing of what is gone"),
    ("hard_deletes: maybe", "hard_deletes", "it must be 'detect' or 'ignore'", "no such word"),
    ("gate: {max_deleted_percent: 120}", "gate.max_deleted_percent", "less than or equal to 100", "no share"),
    ("gate: {max_deleted_percent: 5}", "gate.max_deleted_percent", "guards nothing", "there is nothing to guard"),
    ("gate: {max_deletd_percent: 5}", "gate.max_deletd_percent", "did you mean 'max_deleted_percent'?", "misspelt"),
]


@pytest.mark.parametrize(("line", "field", "remedy", "why"), DELETES, ids=[row[0] for row in DELETES])
def test_a_mistake_about_deletions(problems, line, field, remedy, why):
    source = CRM.replace(KEYS, f"    {line}\n{KEYS}", 1)
    place = f"sources/crm.yaml:{line_of(source, line)}: data_sets.contacts.{field}: "
    assert any(each.startswith(place) and remedy in each for each in problems(source)), (why, problems(source))


@pytest.mark.parametrize("line", ["hard_deletes: ignore", "hard_deletes: detect", "gate: {max_deleted_percent: 100}"])
def test_deletions_may_be_declared_where_all_is_read(problems, line):
    whole = CRM.replace("changed_since:", "# changed_since:")
    assert problems(whole.replace(KEYS, f"    {line}\n{KEYS}", 1)) == []


def test_all_mistakes_at_once(problems):
    source = CRM.replace("business: [contact_id]", "business: [contct_id]").replace("trust: 80", "trust: 80\nowned: me")
    assert len(problems(source.replace("trust: 80\nowned: me", "trust: 80"), HUB.replace("INR", "rupees"))) == 2
    assert any("owned" in each for each in problems(source))


@pytest.mark.parametrize(
    ("text", "told", "why"),
    [
        ("name: crm\nname: crm\n", "sources/crm.yaml:2: name: stands twice", "a key twice"),
        ("name: [crm\n", "is not YAML", "an open bracket"),
        ("", "is empty or not a mapping", "an empty file"),
        ("- name: crm\n", "is empty or not a mapping", "a list"),
    ],
)
def test_yaml_itself(problems, text, told, why):
    assert any(told in each for each in problems(text)), (why, problems(text))


def test_no_and_dates_are_text(tmp_path, problems):
    """YAML 1.1 reads NO as false and 1900-01-01 as a date; a country and a bound are neither."""
    assert problems(CRM, HUB.replace("country: IN", "country: NO")) == []


def test_variables_of_the_caller_win(tmp_path, problems):
    problems()
    loaded = config.load(tmp_path, {"CRM_URL": "https://other.example"})
    assert loaded.sources["crm"].connection.base_url == "https://other.example"


def test_roles(problems):
    assert problems(roles="buyer:\n  description: Buys.\n  permissions: [sources.read]\n") == []
    found = problems(roles="buyer:\n  descripton: Buys.\n  permissions: [sources.read]\n")
    assert any("roles.yaml:2: descripton" in each and "did you mean 'description'?" in each for each in found), found


def test_a_folder_without_hub_yaml(tmp_path):
    with pytest.raises(ConfigError, match=r"hub\.yaml:1: the file: is missing"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("given", "expected", "why"),
    [
        ("order_id", ["order_id"], "a column"),
        (config.models.key_expression(["a", "b"]), ["a", "b"], "a list of columns"),
        ("a || b", None, "any other text"),
        ("upper(a)", None, "a function"),
    ],
)
def test_key_columns(given, expected, why):
    assert config.key_columns(given) == expected, why


CLIENTS = HUB + "clients:\n  crm:\n    scopes: [customers.read, pulls.read]\n"


@pytest.mark.parametrize(
    ("right", "wrong", "place", "remedy"),
    [
        ("pulls.read", "pulls.reed", "hub.yaml:7: clients.crm.scopes", "did you mean 'pulls.read'?"),
        ("pulls.read", "signed_in", "hub.yaml:7: clients.crm.scopes", "is no permission"),
        ("[customers.read, pulls.read]", "[]", "hub.yaml:7: clients.crm.scopes", "add at least one"),
        ("scopes:", "scope:", "hub.yaml:7: clients.crm.scope", "did you mean 'scopes'?"),
        ("  crm:", "  CRM:", "hub.yaml:6: clients.CRM", ""),
    ],
)
def test_a_mistake_about_a_client(problems, right, wrong, place, remedy):
    assert problems(hub=CLIENTS) == []
    found = problems(hub=CLIENTS.replace(right, wrong, 1))
    assert any(each.startswith(place) and remedy in each for each in found), found


QUOTAS = f"""{CLIENTS}quotas:
  default: {{per_minute: 600, burst: 100}}
  roles:
    analyst: {{per_minute: 60, burst: 9}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "place", "remedy"),
    [
        ("analyst", "analist", "hub.yaml:11: quotas.roles.analist", "did you mean 'analyst'?"),
        ("per_minute: 60,", "per_minute: 0,", "hub.yaml:11: quotas.roles.analyst.per_minute", ""),
        ("burst: 9", "burst: -1", "hub.yaml:11: quotas.roles.analyst.burst", ""),
        ("burst: 9", "bursts: 9", "hub.yaml:11: quotas.roles.analyst.bursts", "did you mean 'burst'?"),
        ("{per_minute: 600, burst: 100}", "600", "hub.yaml:9: quotas.default", ""),
        ("scopes:", "quota: {burst: 1}\n    scopes:", "hub.yaml:7: clients.crm.quota", "per_minute"),
    ],
)
def test_a_mistake_about_a_quota(problems, right, wrong, place, remedy):
    assert problems(hub=QUOTAS) == []
    found = problems(hub=QUOTAS.replace(right, wrong, 1))
    assert any(each.startswith(place) and remedy in each for each in found), found
