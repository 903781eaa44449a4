"""A steward's day: the queue, two records side by side, a second person's word; and the whole of a customer."""

import pytest

from tests.browser.made_up import ASHA


def fits(seen):
    return seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.parametrize("width", [360, 1280])
def test_a_pair_is_decided_from_the_queue(visit, server, width):
    seen = visit(width=width)
    seen.sign_in("steward")
    seen.go("decisions")
    queue = seen.page.get_by_role("table", name="Doubtful pairs")
    assert [each for each in queue.locator("td.count").all_inner_texts() if each] == [
        "24258.0", "41 %", "0.8",
    ]  # fmt: skip
    assert fits(seen)
    queue.get_by_role("link").last.press("Enter")
    seen.page.get_by_role("heading", name="Are these one person?").wait_for()
    sides = seen.page.get_by_role("table", name="Side by side").inner_text()
    assert sides.count("1988-04-12") == 2
    assert "<img" in sides, "what looks like a script is a text"
    reasons = seen.page.locator("ul.reasons").inner_text()
    assert reasons.index("Birth date: equal") < reasons.index("Last name: different"), "the heaviest first"
    assert "+13.1 bits" in reasons
    assert fits(seen)
    seen.page.get_by_label("Verdict").select_option("apart")
    seen.page.get_by_label("How you know").fill("two birth places, asked both")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_text("Written down; another person decides with you.").wait_for()
    (made,) = [each for each in server.api.stewards.kept.values() if each["kind"] == "apart"]
    assert (made["left"], made["right"]) == (["k1"], ["k3"])
    seen.page.get_by_role("table", name="Waiting for a second person").get_by_text("Yours").wait_for()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_held_person_is_believed_from_the_queue(visit, server, width):
    seen = visit(width=width)
    seen.sign_in("steward")
    seen.go("decisions")
    queue = seen.page.get_by_role("table", name="Doubtful pairs")
    queue.get_by_text("Held: 312 records are alike").wait_for()
    queue.get_by_role("link").first.press("Enter")
    seen.page.get_by_role("heading", name="Are so many records one person?").wait_for()
    assert seen.page.get_by_text("1988-04-12").count() == 1
    assert fits(seen)
    seen.page.get_by_label("How you know").fill("our own test account, all of them")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_text("Written down; another person decides with you.").wait_for()
    (made,) = [each for each in server.api.stewards.kept.values() if each["kind"] == "believe"]
    assert (made["left"], made["right"]) == (["k1"], [])


def test_the_second_person_answers_and_it_can_be_taken_back(visit, server):
    seen = visit(width=360)
    seen.sign_in("steward")
    seen.go("decisions")
    seen.page.get_by_role("link", name="Other values: e-mail").click()
    seen.page.get_by_text("new@example.com").wait_for()
    seen.page.get_by_label("How you know").fill("the address answered")
    seen.page.get_by_role("button", name="Answer").click()
    seen.page.get_by_text("Decided. The next run follows it.").wait_for()
    seen.page.get_by_text("Take it back", exact=True).press("Enter")
    seen.page.get_by_label("Why").fill("it was a mistake of mine")
    seen.page.get_by_role("button", name="Propose to take it back").click()
    seen.page.get_by_role("heading", name="Taking back").wait_for()
    seen.page.get_by_role("button", name="Withdraw").click()
    seen.page.get_by_text("Withdrawn.").wait_for()
    assert fits(seen)
    assert [each["state"] for each in server.api.stewards.kept.values()] == ["done", "withdrawn"]


@pytest.mark.parametrize("width", [360, 1280])
def test_the_whole_of_a_customer(visit, server, width):
    seen = visit(width=width, dark=width == 360)
    seen.sign_in("steward")
    seen.go(f"customers/{ASHA}")
    way = seen.page.get_by_role("region", name="Journey")
    way.get_by_text("1 request open").wait_for()
    stages = way.get_by_role("listitem").all_inner_texts()
    assert [each.split()[0] for each in stages] == ["Known", "Customer"]
    assert "First purchase SO-7" in stages[1]
    known = seen.page.get_by_role("region", name="How much do we know?")
    assert "Grade B" in known.inner_text()
    assert "Not known to Shop" in known.inner_text()
    assert seen.page.get_by_role("region", name="Household").get_by_role("link").all_inner_texts() == ["Arun Rao"]
    records = seen.page.get_by_role("region", name="Records")
    records.get_by_role("button", name="Why are these one?").press("Enter")
    records.get_by_text("Two persons decided so").wait_for()
    assert "Birth date: equal" in records.inner_text()
    assert fits(seen)
    records.get_by_label("Part the record of Shop").check()
    records.get_by_role("button", name="Part the chosen …").click()
    asked = seen.page.get_by_role("dialog")
    asked.get_by_label("How you know").fill("it is the neighbour's account")
    asked.get_by_role("button", name="Propose").press("Enter")
    seen.page.get_by_text("Written down; another person decides with you.").wait_for()
    (made,) = [each for each in server.api.stewards.kept.values() if each["kind"] == "apart"]
    assert (made["left"], made["right"]) == (["k2"], ["k1"])


def test_a_value_is_edited_by_keyboard(visit, server):
    seen = visit(width=360)
    seen.sign_in("service")
    seen.go(f"customers/{ASHA}")
    assert seen.page.get_by_role("button", name="Part the chosen …").count() == 0, "that is a steward's"
    seen.page.get_by_role("button", name="Edit phone", exact=True).press("Enter")
    asked = seen.page.get_by_role("dialog")
    asked.get_by_label("Phone", exact=True).fill("+919800000000")
    asked.get_by_label("How you know").fill("she said so on the telephone")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_text("Written down; a steward decides with you.").wait_for()
    (made,) = [each for each in server.api.stewards.kept.values() if each["decided_by"] == "u"]
    assert (made["group"], made["values"]) == ("phone", {"phone": "+919800000000", "phone_kind": None})
    assert fits(seen)
