"""The console on the whole hub, as a newcomer finds it after `make run`: sign in, look, run, send, unsubscribe."""

import re

import pytest

from infra.local.mailbox import messages
from tests.browser.operating import Trouble, abandoned_and_pulled_again, at_the_gate, pause_and_resume
from tests.e2e.conftest import running  # noqa: F401 - the fixture

PATIENCE = 120_000  # milliseconds


@pytest.fixture
def live(visit, running):  # noqa: F811 - a fixture is named like its parameter
    """live("marketer") -> a visitor who is signed in with the role's own password."""

    def enter(role, **options):
        seen = visit(**options)
        seen.url = running.laptop.console
        seen.page.set_default_timeout(PATIENCE)
        person = running.people[role]
        seen.sign_in(person["username"], person["password"])
        return seen

    return enter


def test_the_overview_shows_balanced_pulls_and_a_release(live):
    seen = live("viewer")
    seen.go("overview")
    seen.page.get_by_text("Released").wait_for()
    assert seen.page.get_by_text("does not balance").count() == 0
    assert seen.page.get_by_text("Complete").count() >= 9


def test_a_customer_is_found_on_a_phone(live):
    seen = live("service", width=360, dark=True)
    seen.go("customers?q=singh")
    seen.page.locator("tbody a").first.click()
    seen.page.get_by_role("heading", name="Time line").wait_for()
    assert seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_a_report_runs(live):
    seen = live("report_user")
    seen.go("reports")
    seen.page.locator("ul.tiles a").first.click()
    seen.page.get_by_role("button", name="Run", exact=True).click()
    seen.page.get_by_text(re.compile(r"\d+ rows? shown")).wait_for()


def test_a_campaign_from_a_query_to_an_unsubscribed_reader(live, running):  # noqa: F811 - the same
    marketer = live("marketer")
    page = marketer.page
    marketer.go("campaigns/segments/new")
    page.get_by_label("Name").fill("Everybody")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="New campaign").wait_for()
    marketer.go("campaigns/templates/new")
    page.get_by_label("Name").fill("Hello")
    page.get_by_label("Subject").fill("Hello {{given_name|friend}}")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="New campaign").wait_for()
    page.get_by_label("Name").fill("First letter")
    page.get_by_label("Who gets it").select_option(label="Everybody")
    page.get_by_label("What they get").select_option(label="Hello")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Dry run").click()
    page.get_by_text("would get it").wait_for()
    expected = int(page.locator(".big strong").inner_text().replace(",", ""))
    before = len(messages(running.laptop))
    approver = live("approver")
    approver.go("campaigns")
    approver.page.get_by_role("link", name="First letter").click()
    approver.page.get_by_role("button", name="Send …").click()
    approver.page.get_by_role("button", name="Send", exact=True).click()
    approver.page.get_by_text("Finished").wait_for()
    mail = messages(running.laptop)[before:]
    assert len(mail) == len({message["To"][0] for message in mail}) == expected > 0
    page.goto(re.search(r"http\S+token=\S+", mail[0]["BodyText"])[0])
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You are unsubscribed").wait_for()


@pytest.fixture
def trouble(running):  # noqa: F811 - the same
    """A partner's file of calls; some of them last longer than a day."""
    s3 = running.client("s3")
    bucket = next(each["Name"] for each in s3.list_buckets()["Buckets"] if "vault" in each["Name"])

    def drop(broken):
        head = "call_id;caller_id;started_at;direction;subject;outcome;minutes"
        lines = [
            f"P9{n:03d};K00001;02.11.2026 09:{n:02d};in;price;answered;{99999 if n < broken else 5}" for n in range(40)
        ]
        body = "\n".join([head, *lines, ""]).encode()
        s3.put_object(Bucket=bucket, Key="drop/calls/partner-november.csv", Body=body)

    return Trouble("calls", "partner_calls", drop, 40, 12, "minutes: between", "minutes", "6")


def test_a_data_set_is_paused_held_corrected_and_tried_again(live, trouble):
    seen = live("data_engineer")
    pause_and_resume(seen, trouble)
    at_the_gate(seen, trouble)
    abandoned_and_pulled_again(live("data_engineer", width=360), trouble)
