"""The console in a real browser: pages, roles, policy, phone, keyboard, weight."""

import os
from pathlib import Path

import pytest

from hub.access.permissions import ROLES

PAGES = {
    "Overview": "sources.read",
    "Customers": "customers.read",
    "Companies": "customers.read",
    "Groups": "customers.read",
    "Who is who": "decisions.read",
    "Verification": "verifications.read",
    "Uploads": "uploads.read",
    "Lists": "lists.read",
    "Reports": "reports.read",
    "Campaigns": "campaigns.read",
    "Governance": "sources.read",
    "Users": "users.read",
}
ASHA = "c" + "a" * 20
EVERY = [
    ("overview", "crm"),
    ("overview/pulls?source=crm&data_set=contacts", "crm.contacts.00000007"),
    ("overview/pulls/crm.contacts.00000007", "one_of"),
    ("overview/map", "crm.contacts"),
    ("customers?q=asha", "Asha Rao"),
    (f"customers/{ASHA}", "SO-1042"),
    ("companies", "Leaf & Jar"),
    ("companies?similar=true", "Laef & Jar"),
    ("companies/flaef", "Managing Director"),
    ("groups", "Hospitals"),
    ("groups/g1", "The autumn fair"),
    ("governance", "Not measured"),
    ("verifications", "by two persons"),
    ("verifications/v20261122t050001bbbbbb", "What did you find?"),
    ("uploads", "april.csv"),
    ("lists", "Fair into CRM"),
    ("lists/l1", "Same email"),
    ("reports", "Revenue by month"),
    ("reports/revenue", "Since"),
    ("reports/new", "reporting.customer"),
    ("campaigns", "Spring flush"),
    ("campaigns/m1", "did not agree to it"),
    ("campaigns/new", "Who gets it"),
    ("campaigns/segments/new", "Add a parameter"),
    ("campaigns/templates/new", "Subject"),
    ("users", "asha@example.com"),
    ("users/new", "Create"),
    ("users/rights", "mira"),
    ("users/roles", "Phones"),
    ("users/roles/new", "campaigns.approve"),
    ("users/roles/support", "Save"),
    ("nothing", "There is no such page"),
]
WEIGHT = 60_000


def snap(seen, name):
    """Keep a picture where the environment asks for one."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        seen.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (360, False), (360, True)], ids=["desk", "phone", "phone at night"]
)
def test_every_page_shows_its_data_and_fits(visit, width, dark):
    seen = visit(width, 780, dark)
    seen.page.goto(seen.url)
    seen.page.get_by_label("User name").wait_for()
    snap(seen, f"{width}-{dark}-signin")
    seen.sign_in("admin")
    for path, text in EVERY:
        seen.go(path)
        seen.page.get_by_text(text).first.wait_for()
        snap(seen, f"{width}-{dark}-{path.replace('/', '_').replace('?', '_')}")
        wide = seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"
        assert seen.page.title() != "owned", f"{path} ran a script that stood in the data"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_menu_of_a_role_is_what_it_may_see(visit, role):
    seen = visit()
    seen.sign_in(role)
    names = seen.page.locator("nav a").all_inner_texts()
    assert names == [name for name, permission in PAGES.items() if permission in ROLES[role]]


@pytest.mark.parametrize(
    ("role", "path", "present", "absent"),
    [
        ("viewer", "overview", [], ["Pull crm contacts now", "Pause crm contacts", "Run now"]),
        ("operator", "overview", ["Pull crm contacts now", "Pause crm contacts", "Run now"], []),
        ("marketer", "campaigns/m2", ["Dry run"], ["Send …"]),
        ("approver", "campaigns/m2", ["Send …"], ["Dry run"]),
        ("auditor", "campaigns/m2", [], ["Dry run", "Send …"]),
        ("report_user", "reports/revenue", ["Run"], []),
    ],
)
def test_a_role_finds_the_buttons_it_may_use(visit, role, path, present, absent):
    seen = visit()
    seen.sign_in(role)
    seen.go(path)
    for name in present:
        seen.page.get_by_role("button", name=name, exact=True).wait_for()
    for name in absent:
        assert seen.page.get_by_role("button", name=name, exact=True).count() == 0, name


def test_a_role_is_made_of_permissions_that_one_has(visit):
    seen = visit()
    seen.sign_in("admin")
    seen.go("users/roles/new")
    seen.page.get_by_label("Name").fill("phones")
    offered = seen.page.locator("fieldset input").evaluate_all("boxes => boxes.map((box) => box.value)")
    assert set(offered) == ROLES["admin"]
    seen.page.get_by_label("customers.read").check()
    seen.page.get_by_role("button", name="Create").click()
    seen.page.get_by_text("The role can be given to users now").wait_for()


def test_signing_in_by_keyboard_alone(visit):
    seen = visit()
    seen.page.goto(seen.url)
    seen.page.get_by_label("User name").wait_for()
    keyboard = seen.page.keyboard
    keyboard.type("admin")
    keyboard.press("Tab")
    keyboard.type("admin")
    keyboard.press("Enter")
    seen.page.get_by_role("heading", name="Overview").wait_for()
    keyboard.press("Shift+Tab")
    focus = "document.activeElement.textContent"
    reached = {seen.page.evaluate(focus)}
    for _ in range(14):
        keyboard.press("Shift+Tab")
        reached.add(seen.page.evaluate(focus))
    assert {"Sign out", "Customers", "Skip to the content"} <= reached
    while seen.page.evaluate(focus) != "Campaigns":
        keyboard.press("Tab")
    outline = seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus must be seen"
    keyboard.press("Enter")
    seen.page.get_by_role("heading", name="Campaigns").wait_for()
    assert seen.page.evaluate("document.activeElement.tagName") == "H1", "a new page is read from its heading"


def test_a_wrong_password_is_said_and_heard(visit, server):
    seen = visit()
    seen.page.goto(seen.url)
    seen.page.get_by_label("User name").fill("admin")
    seen.page.get_by_label("Password").fill("no")
    seen.page.get_by_role("button", name="Sign in").click()
    alert = seen.page.get_by_role("alert").filter(has_text="User name or password is wrong")
    alert.wait_for()
    assert alert.evaluate("element => element === document.activeElement")


def test_first_password_and_code(visit, server):
    seen = visit()
    for name, label, value, more in [
        ("first", "New password", "correct horse", "Once more"),
        ("careful", "Code", "123456", None),
    ]:
        seen.page.goto(seen.url)
        seen.page.get_by_label("User name").fill(name)
        seen.page.get_by_label("Password").fill(name)
        seen.page.get_by_role("button", name="Sign in").click()
        seen.page.get_by_label(label).fill(value)
        if more:
            seen.page.get_by_label(more).fill("another")
            seen.page.get_by_role("button", name="Save and sign in").click()
            seen.page.get_by_text("The two passwords are not the same.").wait_for()
            seen.page.get_by_label(more).fill(value)
        seen.page.keyboard.press("Enter")
        seen.page.get_by_role("button", name="Sign out").click()
        seen.page.get_by_label("User name").wait_for()


def test_a_reload_keeps_the_session_and_no_token_is_stored(visit):
    seen = visit()
    seen.sign_in("admin")
    seen.page.reload()
    seen.page.get_by_role("button", name="Sign out").wait_for()
    stored = seen.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored == [0, 0, ""]


def test_an_address_that_was_cut_leads_somewhere(visit):
    """Half a sign in the address is no error of a script, which would leave the page empty."""
    seen = visit()
    seen.sign_in("admin")
    seen.page.goto(f"{seen.url}#/%E0%A4%A")
    seen.page.get_by_role("heading", name="There is no such page").wait_for(timeout=5000)


def test_an_ended_session_leads_to_the_sign_in(visit, server):
    seen = visit()
    seen.sign_in("admin")
    seen.page.get_by_role("heading", name="Overview").wait_for()
    answer = server.api.answer
    refused = {"error": {"code": "unauthenticated", "message": "Sign in again", "details": None}}
    server.api.answer = lambda method, path, *rest: (
        (401, refused) if path != "/v1/session" else answer(method, path, *rest)
    )
    seen.page.get_by_role("link", name="Reports").click()
    seen.page.get_by_label("User name").wait_for()


def test_a_failure_is_said_in_plain_words(visit, server):
    seen = visit()
    seen.sign_in("admin")
    server.api.fail.add(("GET", "/v1/reports"))
    seen.page.get_by_role("link", name="Reports").click()
    seen.page.get_by_text("Something went wrong in the hub. Try again in a moment.").wait_for()
    assert seen.page.get_by_text("traceback").count() == 0


def test_a_report_is_run_and_read(visit, server):
    seen = visit()
    seen.sign_in("analyst")
    seen.go("reports/revenue")
    seen.page.get_by_label("Since").fill("2026-02-01")
    seen.page.get_by_role("button", name="Run").click()
    seen.page.get_by_text("10 rows shown.").wait_for()
    snap(seen, "report-result")
    assert ("POST", "/v1/results", {"report_id": "revenue", "parameters": {"since": "2026-02-01"}}) in server.api.asked
    assert seen.page.get_by_role("button", name="Download CSV").count() == 1


def test_a_campaign_is_composed_tried_and_sent_after_a_question(visit, server):
    seen = visit()
    seen.sign_in("admin")
    seen.go("campaigns/new")
    seen.page.get_by_label("Name").fill("Monsoon tea")
    seen.page.get_by_label("Who gets it").select_option(label="Tea lovers")
    seen.page.get_by_label("Since").fill("2026-01-01")
    seen.page.get_by_label("What they get").select_option(label="Spring")
    seen.page.get_by_role("button", name="Save").click()
    seen.page.get_by_role("heading", name="Monsoon tea").wait_for()
    seen.page.get_by_role("button", name="Dry run").click()
    seen.page.get_by_text("would get it").first.wait_for()
    snap(seen, "campaign-dry")
    seen.page.get_by_role("button", name="Send …").click()
    snap(seen, "campaign-question")
    seen.page.get_by_role("button", name="Back").click()
    assert not any(path.endswith("/send") for _, path, _ in server.api.asked)
    seen.page.get_by_role("button", name="Send …").click()
    seen.page.get_by_role("button", name="Send", exact=True).click()
    seen.page.get_by_role("progressbar").wait_for()
    seen.page.get_by_role("button", name="Pause").click()
    seen.page.get_by_role("button", name="Resume").wait_for()
    seen.page.get_by_role("button", name="Show receipts").click()
    seen.page.get_by_text("Send, Delivery").wait_for()
    seen.page.get_by_text("By text, as they wish", exact=True).wait_for()
    seen.page.get_by_role("list", name="Channels").get_by_text("4 by e-mail, as they respond there").wait_for()
    body = {"name": "Monsoon tea", "segment_id": "g1", "template_id": "t1", "parameters": {"since": "2026-01-01"}}
    assert ("POST", "/v1/campaigns", body) in server.api.asked


def test_a_text_is_composed_without_subject_and_html(visit, server):
    seen = visit()
    seen.sign_in("admin")
    seen.go("campaigns/templates/new")
    seen.page.get_by_label("Name").fill("Short")
    seen.page.get_by_label("Channel").select_option(label="Text (SMS)")
    assert not seen.page.get_by_label("Subject").is_visible()
    assert not seen.page.get_by_label("HTML").is_visible()
    seen.page.get_by_label("Text", exact=True).fill("Tea! Reply STOP to opt out")
    seen.page.get_by_role("button", name="Save").click()
    seen.page.get_by_role("heading", name="New campaign").wait_for()
    body = {"name": "Short", "text": "Tea! Reply STOP to opt out", "channel": "sms"}
    assert ("POST", "/v1/templates", body) in server.api.asked


def test_a_refused_query_says_where(visit):
    seen = visit()
    seen.sign_in("admin")
    seen.go("campaigns/segments/new")
    seen.page.get_by_label("Name").fill("x")
    seen.page.get_by_role("button", name="Save").click()
    seen.page.get_by_role("alert").filter(has_text="line 2, column 6").wait_for()


def test_the_first_load_is_light(visit, server):
    seen = visit()
    seen.sign_in("admin")
    seen.page.get_by_role("heading", name="crm").wait_for()
    assert server.bytes <= WEIGHT, f"{server.bytes} bytes"
    before = server.bytes
    seen.page.reload()
    seen.page.get_by_role("heading", name="crm").wait_for()
    assert server.bytes - before < 2_000, "what does not change is not sent again"


def test_the_overview_says_how_old_data_are_and_keeps_the_focus(visit, server):
    seen = visit()
    seen.sign_in("operator")
    for name, badge in [
        ("contacts", "Fresh"),
        ("activities", "Stale"),
        ("orders", "Paused"),
        ("products", "No promise"),
    ]:
        row = seen.page.get_by_role("row").filter(has=seen.page.get_by_text(name, exact=True))
        row.locator(".badge", has_text=badge).wait_for()
    seen.page.get_by_role("button", name="Pause crm contacts").focus()
    seen.page.keyboard.press("Enter")
    seen.page.get_by_text("crm contacts is paused").wait_for()
    assert seen.page.evaluate("document.activeElement.dataset.at") == "pause crm contacts", "the page is drawn anew"


def test_a_data_sets_volume_and_quality_are_drawn_by_day(visit):
    seen = visit()
    seen.sign_in("data_engineer")
    seen.go("overview/pulls?source=crm&data_set=contacts")
    volume = seen.page.get_by_role("figure").filter(has_text="Rows by day")
    assert volume.locator("rect.warn").count() == 1
    quality = seen.page.get_by_role("figure").filter(has_text="Quality by day")
    assert quality.locator("polyline.good").get_attribute("points").count(",") == 13
    quality.get_by_text("As a table").click()
    assert quality.locator("tbody tr").first.inner_text().split("\t") == ["2026-11-22", "97 %", "93 %", "99.9 %"]
    seen.page.get_by_text("Profile (2 columns)").click()
    profile = seen.page.get_by_role("region", name="Profile")
    assert "a row is known by contact_id; the newest is of 2026-11-22" in profile.inner_text()
    email, loyalty = profile.locator("tbody tr").all()
    assert "personal: e-mail" in email.inner_text()
    assert "not declared" in loyalty.inner_text()
    assert "Aaaa 9" in loyalty.inner_text()
    snap(seen, "by-day")


def test_a_long_pull_shows_how_far_it_is(visit, server):
    seen = visit()
    seen.sign_in("viewer")
    server.api.quarantine.stays = True
    pull = server.api.quarantine.pulls["crm.contacts.00000007"]
    pull |= {"state": "running", "declared_by_source": 624, "balanced": None, "batches": 2}
    seen.go("overview/pulls/crm.contacts.00000007")
    seen.page.get_by_text("312 of 624 rows").wait_for()
    assert seen.page.get_by_role("progressbar").evaluate("each => each.position") == 0.5
    snap(seen, "progress")
