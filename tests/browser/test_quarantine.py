"""Held pulls and refused rows in the console: decided, narrowed, downloaded, corrected, tried again."""

import json
import re

import pytest

from tests.browser.fake_quarantine import OWN
from tests.browser.test_console import snap

PULL = f"overview/pulls/{OWN}"
GATES = [
    # gate, what the ledger says, how the page says it, may it be released
    ("quarantined", "24 % of the rows are quarantined, 5 % are allowed", "too many rows were refused", True),
    ("deleted", "90 of the 100 records that were there before are gone", "records are gone from the source", True),
    ("drift", "new fields shoe_size; declare or ignore them", "gives other fields than before", True),
    (None, "312 rows received, +2 unaccounted for", "it cannot be published as it is", False),
]
MAY = [
    # role, sees the rows, may try again, may decide
    ("checker", True, False, False),
    ("viewer", False, False, False),
    ("operator", False, False, True),
    ("steward", True, True, False),
    ("data_engineer", True, True, True),
]


@pytest.fixture
def desk(visit, server):
    """desk("steward") -> a visitor on the page of the pull."""

    def enter(role, **options):
        seen = visit(**options)
        seen.sign_in(role)
        seen.go(PULL)
        return seen

    return enter


def button(seen, name):
    return seen.page.get_by_role("button", name=name, exact=True)


def posts(server):
    return [(path, body) for method, path, body in server.api.asked if method == "POST" and "session" not in path]


def too_wide(seen):
    return seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize(("gate", "reason", "said", "releasable"), GATES)
def test_a_held_pull_says_why_and_what_can_be_done(desk, server, gate, reason, said, releasable):
    server.api.quarantine.hold(gate, reason)
    seen = desk("operator")
    seen.page.get_by_text(said).wait_for()
    seen.page.get_by_text(re.compile(re.escape(reason), re.IGNORECASE)).wait_for()
    assert button(seen, "Abandon …").count() == 1
    assert button(seen, "Release …").count() == int(releasable)


def test_the_overview_leads_to_a_held_pull_and_to_all_pulls(visit, server):
    server.api.quarantine.hold("quarantined", "24 % of the rows are quarantined, 5 % are allowed")
    seen = visit()
    seen.sign_in("operator")
    row = seen.page.get_by_role("row").filter(has_text="24 % of the rows")
    row.get_by_role("link", name="contacts").click()
    seen.page.get_by_role("link", name=OWN).click()
    button(seen, "Release …").wait_for()


@pytest.mark.parametrize(("role", "reads", "tries", "decides"), MAY)
def test_a_role_finds_of_the_desk_what_it_may_use(desk, server, role, reads, tries, decides):
    seen = desk(role)
    assert seen.page.get_by_role("heading", name="3 rows in quarantine").count() == int(reads)
    assert button(seen, "Download all rows").count() == int(reads)
    assert button(seen, "Try all 3 open rows again").count() == int(tries)
    assert button(seen, "Correct row 5 of batch 1").count() == int(tries)
    assert reads or not any("/quarantine" in path for _, path, _ in server.api.asked)
    server.api.quarantine.hold("quarantined", "24 % of the rows are quarantined")
    seen.page.reload()
    seen.page.get_by_role("heading", name="Held").wait_for()
    assert button(seen, "Release …").count() == button(seen, "Abandon …").count() == int(decides)
    assert button(seen, "Correct row 5 of batch 1").count() == 0, "only a complete pull's rows are tried again"


def test_a_held_pull_is_released_by_keyboard_with_a_reason(desk, server):
    server.api.quarantine.hold("quarantined", "24 % of the rows are quarantined, 5 % are allowed")
    seen = desk("data_engineer")
    keyboard = seen.page.keyboard
    button(seen, "Release …").focus()
    keyboard.press("Enter")
    seen.page.get_by_label("Reason").wait_for()
    snap(seen, "held-question")
    keyboard.press("Escape")
    assert posts(server) == [], "nothing is decided without a reason"
    assert seen.page.evaluate("document.activeElement.textContent") == "Release …"
    keyboard.press("Enter")
    for text, told in [("", None), ("no", None), ("ask asha@example.com", "holds an address or a long number")]:
        seen.page.get_by_label("Reason").fill(text)
        button(seen, "Release").press("Enter")
        if told:
            seen.page.get_by_role("alert").filter(has_text=told).wait_for()
    seen.page.get_by_label("Reason").fill("Known gap of the source")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    seen.page.get_by_text("Known gap of the source").wait_for()
    button(seen, "Try all 3 open rows again").wait_for()
    assert seen.page.locator(".badge", has_text="Complete").count() == 1
    assert button(seen, "Release …").count() == 0
    reasons = [body["reason"] for path, body in posts(server) if path == f"/v1/pulls/{OWN}/release"]
    assert reasons == ["ask asha@example.com", "Known gap of the source"]


def test_a_held_pull_is_abandoned_and_a_late_decision_is_told(desk, server):
    server.api.quarantine.hold("deleted", "90 of the 100 records are gone")
    seen, late = desk("operator"), desk("operator")
    for each in (seen, late):
        button(each, "Abandon …").click()
        each.page.get_by_label("Reason").fill("The source was cut")
        button(each, "Abandon").click()
        if each is seen:
            each.page.locator(".badge", has_text="Abandoned").wait_for()
    late.page.get_by_role("alert").filter(has_text="only a held pull is decided").wait_for()


def test_the_list_is_narrowed_by_rule_and_state(desk, server):
    server.api.quarantine.lines[0]["settled"] = {"by": "crm.contacts.00000008", "fate": "passed"}
    seen = desk("checker")
    rows = seen.page.get_by_role("table", name="Rows in quarantine").locator("tbody tr")
    for rule, state, expected in [
        ("All rules", "All", 3),
        ("stage: one_of", "All", 1),
        ("cannot be taken apart", "Open", 1),
        ("age: between", "Open", 0),
        ("age: between", "Settled", 1),
        ("All rules", "Open", 2),
    ]:
        seen.page.get_by_label("Rule").select_option(label=rule)
        seen.page.get_by_label("State").select_option(label=state)
        seen.page.wait_for_function(
            "n => document.querySelectorAll('tbody tr td strong').length === n", arg=expected, timeout=5000
        )
        assert rows.count() == expected, (rule, state)
    assert f"/v1/quarantine?pull_id={OWN}&rule=stage%3A%20one_of" in server.api.addresses, "a space is no +"
    seen.page.get_by_label("State").select_option(label="All")
    seen.page.get_by_role("link", name="crm.contacts.00000008").wait_for()
    counts = seen.page.get_by_role("table", name="Refused rows by rule").locator("tbody tr").all_inner_texts()
    assert counts[0].split() == ["age:", "between", "1", "0"]


def test_the_raw_record_is_shown_as_text_and_downloaded_in_full(desk, server, tmp_path):
    seen = desk("checker")
    seen.page.get_by_text("As the source gave it").first.click()
    seen.page.get_by_text('"age": "430"').wait_for()
    assert seen.page.title() != "owned"
    with seen.page.expect_download() as got:
        button(seen, "Download all rows").click()
    assert got.value.suggested_filename == f"{OWN}.jsonl"
    lines = got.value.path().read_text(encoding="utf-8").splitlines()
    assert [json.loads(each) for each in lines] == server.api.quarantine.lines, "every part of it"


def test_a_row_is_corrected_and_its_pull_shown(desk, server):
    seen = desk("steward")
    button(seen, "Correct row 5 of batch 1").press("Enter")
    assert seen.page.get_by_label("age", exact=True).input_value() == "430"
    seen.page.get_by_label("age", exact=True).fill("43")
    seen.page.get_by_label("stage", exact=True).fill("")
    snap(seen, "correct")
    seen.page.keyboard.press("Enter")
    tried = seen.page.get_by_role("table", name="Tried again")
    tried.get_by_role("link", name="crm.contacts.00000008").wait_for()
    tried.locator(".badge", has_text="Complete").wait_for()
    seen.page.get_by_role("heading", name="3 rows in quarantine, 2 open").wait_for()
    seen.page.get_by_text("Passed").wait_for()
    snap(seen, "tried")
    body = {"corrections": [{"batch": 1, "row": 5, "values": {"age": "43", "stage": None}}]}
    assert posts(server) == [(f"/v1/quarantine/{OWN}/replay", body)], "only what was changed is sent"
    tried.get_by_role("link", name="crm.contacts.00000008").click()
    seen.page.get_by_text("another try of refused rows of").wait_for()


def test_a_row_that_could_not_be_taken_apart_is_written_anew(desk, server):
    seen = desk("steward")
    button(seen, "Correct row 3 of batch 2").click()
    for label, value in [("name", "Meera"), ("age", "41")]:
        seen.page.get_by_label(label, exact=True).fill(value)
    seen.page.get_by_text("A field that is not here").click()
    seen.page.get_by_label("Name of the field").fill("town")
    seen.page.keyboard.press("Enter")
    seen.page.keyboard.type("Pune")
    button(seen, "Try again").click()
    alert = seen.page.get_by_role("alert").filter(has_text="'town' is no field of this data set; it has age, city")
    alert.wait_for()
    assert "corrections.0" not in alert.inner_text().lower(), "a person did not write the request"
    seen.page.get_by_label("town", exact=True).fill("")
    seen.page.get_by_label("Name of the field").fill("city")
    button(seen, "Add the field").click()
    seen.page.keyboard.type("Pune")
    button(seen, "Try again").click()
    seen.page.get_by_role("heading", name="3 rows in quarantine, 2 open").wait_for()
    sent = posts(server)[-1][1]["corrections"]
    assert sent == [{"batch": 2, "row": 3, "values": {"name": "Meera", "age": "41", "city": "Pune"}}]


def test_all_open_rows_are_tried_once(desk, server):
    server.api.quarantine.slow = 3
    seen = desk("data_engineer")
    button(seen, "Try all 3 open rows again").click()
    seen.page.get_by_text("It waits for its turn").wait_for()
    button(seen, "Try all 3 open rows again").click()
    seen.page.get_by_role("alert").filter(has_text="is still being tried").wait_for()
    seen.page.get_by_role("heading", name="3 rows in quarantine, 0 open").wait_for()
    assert seen.page.get_by_text("Refused again").count() == 3
    assert button(seen, "Try the open row again").count() == 0
    assert posts(server) == [(f"/v1/quarantine/{OWN}/replay", {})]


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_desk_fits(desk, server, width, dark):
    seen = desk("data_engineer", width=width, height=640, dark=dark)
    seen.page.get_by_text("As the source gave it").nth(1).click()
    snap(seen, f"desk-{width}-{dark}")
    assert too_wide(seen) <= 0
    button(seen, "Correct row 9 of batch 1").click()
    snap(seen, f"desk-correct-{width}-{dark}")
    assert too_wide(seen) <= 0
    server.api.quarantine.hold("drift", f"new fields {'x' * 120}; declare or ignore them in the manifest")
    seen.page.reload()
    button(seen, "Release …").click()
    snap(seen, f"desk-held-{width}-{dark}")
    assert too_wide(seen) <= 0
    seen.go("overview/pulls?source=crm&data_set=contacts")
    snap(seen, f"desk-pulls-{width}-{dark}")
    assert too_wide(seen) <= 0


def test_a_row_does_not_stay_on_the_screen_when_its_page_is_left(desk):
    seen = desk("steward")
    button(seen, "Correct row 5 of batch 1").click()
    seen.go("overview")
    assert seen.page.locator("dialog").count() == 0


def test_no_personal_value_is_in_an_address(desk, server):
    seen = desk("steward")
    button(seen, "Correct row 5 of batch 1").click()
    seen.page.get_by_label("name", exact=True).fill("Usha Iyer")
    button(seen, "Try again").click()
    seen.page.get_by_role("heading", name="2 open").wait_for()
    seen.page.get_by_label("Rule").select_option(label="stage: one_of")
    said = " ".join([*server.api.addresses, seen.page.url])
    for value in ("Usha", "Asha", "430", "Meera"):
        assert value not in said
