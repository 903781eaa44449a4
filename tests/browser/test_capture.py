"""What to ask a customer on his page, and how sure his values are."""

from tests.browser.made_up import ASHA


def test_the_next_question_is_shown_and_asked_once(visit, server):
    seen = visit(width=360)
    seen.sign_in("service")
    seen.go(f"customers/{ASHA}")
    card = seen.page.get_by_role("region", name="What to ask")
    card.get_by_text("When is your birthday?").wait_for()
    card.get_by_label("Where you meet").select_option("store")
    card.get_by_text("Nothing to ask here").wait_for()
    card.get_by_label("Where you meet").select_option("call")
    card.get_by_role("button", name="I ask this").click()
    card.get_by_text("Nothing to ask here").wait_for()
    assert "asked" in card.inner_text()
    assert server.api.asks.asked == [{"interaction": "call", "field": "birth_date"}]
    assert seen.page.evaluate("document.activeElement.name") == "interaction"
    assert seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_a_code_is_sent_and_tried(visit):
    seen = visit(width=360)
    seen.sign_in("service")
    seen.go(f"customers/{ASHA}")
    seen.page.get_by_role("button", name="Send a code: E-mail").click()
    seen.page.get_by_label("The code that the customer reads out").fill("000000")
    seen.page.get_by_role("button", name="Check").click()
    seen.page.get_by_text("This is not the code").wait_for()
    seen.wrong.clear()
    seen.page.get_by_label("The code that the customer reads out").fill("123456")
    seen.page.get_by_role("button", name="Check").click()
    seen.page.get_by_text("The value is verified.").wait_for()
    assert seen.page.get_by_role("button", name="Check").count() == 0


def test_a_task_is_taken_and_decided_by_keyboard(visit, server):
    seen = visit()
    seen.sign_in("steward")
    seen.go("verifications")
    seen.page.get_by_role("link", name="Phone").click()
    seen.page.get_by_role("button", name="I take it").click()
    seen.page.get_by_text("It is yours.").wait_for()
    seen.page.get_by_label("How you know").fill("called back and reached her")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_text("Written down; another person decides with you.").wait_for()
    (task,) = server.api.checks.kept.values()
    assert task["assigned_to"] == "u"
    assert [(each["verdict"], each["evidence"]) for each in task["decisions"]] == [("verified", [])]
