"""How good the data is, beside what is made of it; a campaign on poor data waits for an approver's reason."""

from tests.browser.test_console import snap


def button(seen, name):
    return seen.page.get_by_role("button", name=name, exact=True)


def test_a_campaign_on_poor_data_is_sent_only_after_an_override(visit, server):
    seen = visit()
    seen.sign_in("approver")
    seen.go("campaigns/m4")
    seen.page.get_by_text("Validity of crm.contacts: 52 %").wait_for()
    assert button(seen, "Send …").count() == 0
    button(seen, "Override …").click()
    seen.page.get_by_label("Reason").fill("a notice that all must get")
    snap(seen, "campaign-override")
    button(seen, "Override").click()
    button(seen, "Send …").wait_for()
    seen.page.get_by_text("a notice that all must get").wait_for()
    asked = [body for method, path, body in server.api.asked if path.endswith("/override")]
    assert asked == [{"reason": "a notice that all must get"}]


def test_who_may_not_approve_sees_why_it_waits(visit):
    seen = visit()
    seen.sign_in("marketer")
    seen.go("campaigns/m4")
    seen.page.get_by_text("let an approver override").wait_for()
    assert button(seen, "Override …").count() == 0
