"""Companies in the console: people and roles, a spelling settled, a parent given and taken away."""

from tests.browser.test_console import snap


def button(seen, name):
    return seen.page.get_by_role("button", name=name, exact=True)


def test_a_steward_settles_a_spelling_and_builds_a_tree(visit, server):
    seen = visit()
    seen.sign_in("steward")
    seen.go("companies?similar=true")
    seen.page.get_by_text("Swapped, 85.7 %").wait_for()
    snap(seen, "companies")
    seen.page.get_by_role("link", name="Laef & Jar").click()
    seen.page.get_by_text("Chief Executive Officer").wait_for()
    seen.page.get_by_text("Decision maker").wait_for()
    snap(seen, "company")
    button(seen, "The same company").click()
    button(seen, "Put together").click()
    seen.page.get_by_text("The next run puts the two together.").wait_for()
    button(seen, "Two companies").click()
    seen.page.get_by_text("The two stay two companies.").wait_for()
    assert server.api.companies.said == [
        {"other_id": "fleaf", "together": True},
        {"other_id": "fleaf", "together": False},
    ]
    seen.page.get_by_label("Belongs to the company").fill("flaef")
    button(seen, "Put below it").click()
    seen.page.get_by_text("Nobody is his own parent").wait_for()
    seen.page.get_by_label("Belongs to the company").fill("fleaf")
    button(seen, "Put below it").click()
    button(seen, "Take the parent away").click()
    button(seen, "Put below it").wait_for()
    assert server.api.companies.parents == {}


def test_who_may_not_decide_sees_no_buttons_to_do_so(visit):
    seen = visit()
    seen.sign_in("sales")
    seen.go("companies/flaef")
    seen.page.get_by_text("Managing Director").wait_for()
    assert not button(seen, "The same company").count() and not button(seen, "Put below it").count()
