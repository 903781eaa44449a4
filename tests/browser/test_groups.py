"""Groups in the console: members, sharing, asking and answering; the register of rights; targets and personal data."""

from tests.browser.fake_groups import ASHA
from tests.browser.test_console import snap


def button(seen, name):
    return seen.page.get_by_role("button", name=name, exact=True)


def test_an_owner_shares_answers_and_changes_members(visit, server):
    seen = visit()
    seen.sign_in("admin")
    seen.go("groups/g1")
    seen.page.get_by_role("link", name="Asha Rao").wait_for()
    snap(seen, "group")
    seen.page.get_by_label("Search in it").fill("nobody")
    button(seen, "Search").click()
    seen.page.get_by_text("None of them is meant.").wait_for()
    seen.page.get_by_label("Put customers in").fill("x1")
    button(seen, "Put in").click()
    seen.page.get_by_text("nobody is x1").wait_for()
    button(seen, "Share").click()
    seen.page.get_by_label("With").fill("role:support")
    seen.page.get_by_role("dialog").get_by_role("button", name="Share", exact=True).click()
    seen.page.get_by_text("role:support").wait_for()
    button(seen, "Take back from role:sales").click()
    seen.page.get_by_text("role:sales").wait_for(state="detached")
    button(seen, "Approve what u-7 asks").click()
    seen.page.get_by_text("Approved").wait_for()
    button(seen, "Take Asha Rao out").click()
    seen.page.get_by_text("Nobody is in this group yet.").wait_for()
    assert server.api.groups.said == [
        ("PATCH groups/g1", {"add": ["x1"]}),
        ("PATCH groups/g1", {"share": {"to": "role:support", "right": "read"}}),
        ("PATCH groups/g1", {"unshare": "role:sales"}),
        ("POST groups/g1/requests/r1/answer", {"verdict": "approve"}),
        ("PATCH groups/g1", {"remove": [ASHA]}),
    ]


def test_who_has_no_right_asks_for_it(visit, server):
    seen = visit()
    seen.sign_in("sales")
    seen.go("groups")
    assert not seen.page.get_by_role("link", name="Hospitals").count()
    button(seen, "Ask for Hospitals").click()
    seen.page.get_by_label("Why").fill("The autumn fair")
    button(seen, "Ask").click()
    seen.page.get_by_text("Its owner is asked.").wait_for()
    assert server.api.groups.said == [
        ("POST groups/g2/requests", {"right": "read", "days": 30, "why": "The autumn fair"})
    ]


def test_rights_that_nobody_uses_are_marked(visit):
    seen = visit()
    seen.sign_in("admin")
    seen.go("users/rights")
    seen.page.get_by_text("2 rights, 1 unused").click()
    seen.page.get_by_text("reports.run by Sales (unused)").wait_for()
    snap(seen, "rights")


def test_targets_and_personal_data_are_told_with_their_state(visit):
    seen = visit()
    seen.sign_in("admin")
    seen.go("governance")
    for text in ("91.5 %", "Missed", "Not measured", "E-mail in 12 rows", "Not declared", "not in the manifest"):
        seen.page.get_by_text(text, exact=True).first.wait_for()
    assert not seen.page.get_by_text("None", exact=True).count()
    snap(seen, "governance")
