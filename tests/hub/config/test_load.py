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


@pytest.mark.parametrize("folder", ["demo", "datasets", "catalogue"])
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
    (
        "        lead_source: lead_source\n",
        "        collected_by: lower(full_name)\n",
        "entity.customer.collected_by",
        "would put 'full_name', which is personal (name), into reporting",
    ),
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
    ("trust: 80", "trust: true", "trust", "write a whole number"),
    ("trust: 80", "trust: !!int abc", "trust", "is no int; write a number"),
    ("trust: 80", f"trust: {'9' * 5000}", "trust", "is no int; write a number"),
    ("${CRM_URL}", "http://", "base_url", "is no address"),
    ("${CRM_URL}", '"http://[::1"', "base_url", "is no address"),
    ("${CRM_URL}", "http://host:99999999", "base_url", "is no address"),
    ("${CRM_URL}", '"https://crm.example/?api_key=hunter2"', "base_url", "holds a password"),
    ("secret: /hub/crm/token", "secret: /hub/dev/token-key", "authentication.secret", "is not a source's"),
    ("secret: /hub/crm/token", "secret: //", "authentication.secret", "never the secret itself"),
    ("  authentication:", "  headers: {X-Api-Key: hunter2}\n  authentication:", "X-Api-Key", "a secret in clear"),
    ("  authentication:", '  headers: {X-A: "1\\r\\nB: 2"}\n  authentication:', "X-A", "is no header"),
    ("path: /contacts", 'path: "/contacts?page=1"', "fetch.path", "is no path"),
    ("path: /contacts", "path: //evil.example/contacts", "fetch.path", "is no path"),
    ("records: $.items", "records: $.items\n      query: {api_key: hunter2}", "query.api_key", "a secret in clear"),
    ("records: $.items", "records: $.items\n      query: {cursor: a}", "fetch", "'cursor' is used for two things"),
    ("kind: page, parameter: page", "kind: none, parameter: page", "fetch.paging", "asks once"),
    ("overlap: 1 hour}", "overlap: 99999999999 weeks}", "changed_since.overlap", "is not a span of time"),
    ("rate_limit: 5 per second", "rate_limit: 1 per hour", "rate_limit", "at least `1 per minute`"),
    ('cron: "5 * * * ? *"', 'cron: "5 3 31 2 ? *"', "frequency.cron", "never comes"),
    ('cron: "5 * * * ? *"', 'cron: "30-5 * * * ? *"', "frequency.cron", "is no minute"),
    ('cron: "5 * * * ? *"', 'cron: "5 3 99W * ? *"', "frequency.cron", "is no day"),
    ("class: hourly, cron", "class: on-demand, cron", "frequency", "is on demand and has a schedule"),
    ("time_zone: Asia/Kolkata", "time_zone: posixrules", "frequency.time_zone", "is not a time zone"),
    ("      gender: ", "      pull_id: ", "columns.pull_id", "is the hub's own"),
    ("{type: varchar}", '{type: varchar, source_name: ""}', "gender.source_name", "is empty"),
    ("created_at: {type: timestamp}", 'created_at: {type: timestamp, format: "%Y %Y"}', "format", "does not say how"),
    (
        "    keys: {business: [contact",
        "    retention_days: -1\n    keys: {business: [contact",
        "retention_days",
        "greater",
    ),
    ("city: city", "city: city -- town", "customer.city", "a comment would hide"),
    ("city: city", "city: city as town", "customer.city", "has a name of its own"),
    ("city: city", "city: upper(crm.city)", "customer.city", "has a table's name in front"),
    ("city: city", 'city: ":town"', "customer.city", "has a parameter"),
    ("city: city", f"city: {'upper(' * 2000}city{')' * 2000}", "customer.city", "is nested too deep"),
    ("birth_date: born_on", "birth_date: lower(city)", "customer.birth_date", "write try_cast(lower(city) as date)"),
]


@pytest.mark.parametrize(
    ("right", "wrong", "field", "remedy"), MISTAKES, ids=[(row[1].strip() or row[0])[:60] for row in MISTAKES]
)
def test_a_mistake_is_named_with_its_line_and_remedy(problems, right, wrong, field, remedy):
    source = CRM.replace(right, wrong, 1)
    assert source != CRM
    wrong = wrong.splitlines()[0] if wrong else wrong
    found = problems(source)
    fitting = [each for each in found if remedy in each]
    assert fitting, found
    file, line, named, _ = fitting[0].split(":", 3)
    assert (file, named.strip().endswith(field)) == ("sources/crm.yaml", True), fitting[0]
    assert "hunter2" not in fitting[0]
    if wrong.strip():
        assert abs(int(line) - line_of(source, wrong.strip())) <= 1 or field.startswith("fetch"), fitting[0]


SECOND = """
  people:
    description: The same people once more.
    fetch: {path: /people, records: $.items, paging: {kind: none}}
    frequency: {class: on-demand}
    keys: {business: [contact_id]}
    columns: {contact_id: {type: varchar, required: true}}
    entity: {customer: {source_key: contact_id}}
"""
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


KEPT = "    history: true                   # every"
EVENTS = "    keys: {business: [activity_id]"
HISTORIES = [
    (CRM.replace("business: [contact_id], ", ""), "needs a business key", "a place is no record"),
    (CRM.replace(KEPT, "    #").replace(EVENTS, f"{KEPT}\n{EVENTS}"), "keeps versions of an entity", "it gives events"),
    (CRM + SECOND, "'people' gives customer of this source, too", "half of the versions"),
]


@pytest.mark.parametrize(("source", "remedy", "why"), HISTORIES, ids=[row[1] for row in HISTORIES])
def test_a_history_that_could_not_be_kept(problems, source, remedy, why):
    found = problems(source)
    assert any(remedy in each and ".history: " in each for each in found), (why, found)


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
        ("[" * 600, "is nested too deep", "brackets without end"),
        (
            "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
            "has more than 100000 values",
            "aliases of aliases",
        ),
    ],
)
def test_yaml_itself(problems, text, told, why):
    assert any(told in each for each in problems(text)), (why, problems(text))


CSV = 'format: csv, encoding: utf-8, separator: ";"}'


@pytest.mark.parametrize(
    ("right", "wrong", "field", "remedy"),
    [
        ('separator: ";"', 'separator: "\\n"', "fetch.separator", "cannot be told from the text around it"),
        ('separator: ";"', 'separator: "é"', "fetch.separator", "cannot be told from the text around it"),
        ('separator: ";"', 'separator: ";", quote: ";"', "fetch.quote", "is the separator too"),
        ('"callers-*.csv"', '"/callers-*.csv"', "fetch.pattern", "begins behind the source's location"),
        ("encoding: utf-8", 'encoding: "a\\0"', "fetch.encoding", "is no encoding of text"),
        ("format: csv, encoding: utf-8", "format: parquet", "fetch.separator", "is for csv"),
        ("format: csv", "format: csv, records: $.a", "fetch.records", "is for json, xml, this is csv"),
        (CSV, "format: fixed}", "fetch.widths", "is missing; write the first and the last character"),
        (CSV, "format: fixed, widths: {call_id: [3, 1]}}", "fetch.widths.call_id", "is no stretch of a line"),
        (CSV, "format: fixed, widths: {a: [1, 5], b: [5, 9]}}", "fetch.widths.b", "overlaps 'a'"),
        (CSV, "format: xml, records: $.a}", "fetch.records", "must be the path of the records"),
        (CSV, "format: json, records: /a/b}", "fetch.records", "is no path; write for example $.data.customers"),
        (CSV, "format: xlsx, header: false}", "fetch.names", "is missing; a file without a header"),
        ("format: csv", 'format: csv, ready: "*.*"', "fetch.ready", "with at most one *"),
        ("format: csv", "format: csv, quote: ab", "fetch.quote", "write one character, auto, or null"),
    ],
)
def test_mistakes_about_files(problems, right, wrong, field, remedy):
    calls = (ROOT / "deployments/demo/sources/calls.yaml").read_text()
    found = problems(calls.replace(right, wrong, 1), name="calls")
    assert any(f"data_sets.callers.{field}: " in each and remedy in each for each in found), found


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000"


@pytest.mark.parametrize(
    ("connection", "field", "remedy"),
    [
        ("location: ftp://h/x", "connection.location", "write s3://<bucket>/<folder>/ or sftp://<user>@<host>/"),
        ("location: sftp://me:hunter2@h/x", "connection.location", "or sftp://<user>@<host>/<folder>"),
        ("location: sftp://me@h/x", "connection", "needs the server's public key; add `host_key:`"),
        ("location: sftp://me@h/x, host_key: abc", "connection.host_key", "is no public key"),
        (f"location: sftp://me@h/x, host_key: {KEY}", "connection", "needs a sign-in"),
        (f"location: s3://bucket/x/, host_key: {KEY}", "connection.host_key", "is for sftp:// locations"),
        (
            "location: s3://b/, authentication: {kind: bearer, secret: /a}",
            "authentication.kind",
            "signs in by password",
        ),
    ],
)
def test_mistakes_about_where_files_are(problems, connection, field, remedy):
    calls = (ROOT / "deployments/demo/sources/calls.yaml").read_text()
    found = problems(calls.replace("data_sets:", f"connection: {{{connection}}}\ndata_sets:", 1), name="calls")
    assert any(f"{field}: " in each and remedy in each for each in found), found
    assert not any("hunter2" in each for each in found)


@pytest.mark.parametrize("location", ["sftp://h", "sftp://me@files.example.org:2222/out/daily", "s3://bucket/x/"])
def test_where_files_may_be(problems, location):
    calls = (ROOT / "deployments/demo/sources/calls.yaml").read_text()
    more = (
        f", host_key: {KEY}, authentication: {{kind: password, secret: /hub/calls/sftp}}" if "sftp" in location else ""
    )
    assert (
        problems(
            calls.replace("data_sets:", f"connection: {{location: {location}{more}}}\ndata_sets:", 1), name="calls"
        )
        == []
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u@h/db?password=hunter2", "holds a password"),
        ("postgresql://u@h", "is no address"),
        ("postgresql://u@h:port/db", "is no address"),
        ("postgresql://u@[h/db", "is no address"),
        ("sqlite:///", "is no address"),
    ],
)
def test_mistakes_about_databases(problems, url, told):
    shop = (ROOT / "deployments/demo/sources/shop.yaml").read_text().replace("${SHOP_URL}", f'"{url}"')
    found = problems(shop, name="shop")
    assert [told in each for each in found] == [True], found
    assert "hunter2" not in found[0]


def test_a_folder_and_a_link_to_nowhere_are_no_manifests(problems, tmp_path):
    problems()
    (tmp_path / "sources/folder.yaml").mkdir()
    (tmp_path / "sources/gone.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "sources/LOUD.YAML").write_text("name: loud\n")
    found = "\n".join(problems())
    for name in (
        "folder.yaml:1: the file: cannot be read",
        "gone.yaml:1: the file: cannot be read",
        "name it LOUD.yaml",
    ):
        assert name in found, found


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
