"""Lists in the console: uploaded with the reason why they may be kept, merged, and the report read."""

from tests.browser.test_console import snap


def button(seen, name):
    return seen.page.get_by_role("button", name=name, exact=True)


def test_a_list_is_uploaded_and_merged(visit, server):
    seen = visit()
    seen.sign_in("steward")
    seen.go("lists")
    button(seen, "Upload a list …").click()
    seen.page.get_by_label("Name").fill("stop")
    csv = {"name": "stop.csv", "mimeType": "text/csv", "buffer": b"email\nstop@example.com\n"}
    seen.page.get_by_label("CSV with a header").set_input_files(csv)
    button(seen, "Upload").click()
    assert "stop" not in server.api.lists.uploads, "without a reason nothing is sent"
    seen.page.get_by_label("Why these people").fill("they asked us not to write")
    button(seen, "Upload").click()
    seen.page.get_by_text("stop: 1 row uploaded.").wait_for()
    button(seen, "Merge and purge …").click()
    seen.page.get_by_label("Title").fill("Fair, once more")
    for name, role in (("crm.contacts", "merge"), ("fair", "merge"), ("stop", "suppress")):
        seen.page.get_by_label(name, exact=True).select_option(role)
    seen.page.get_by_label("Of one person the row stays").select_option("newest")
    snap(seen, "lists-merge")
    button(seen, "Merge").click()
    seen.page.get_by_role("heading", name="Fair, once more").wait_for()
    seen.page.get_by_text("Same email").wait_for()
    snap(seen, "lists-report")
    (wish,) = [body for method, path, body in server.api.asked if (method, path) == ("POST", "/v1/merge_purges")]
    assert wish == {
        "title": "Fair, once more",
        "lists": [{"data_set": "crm.contacts"}, {"upload": "fair"}],
        "suppress": [{"upload": "stop"}],
        "keep": "newest",
        "without_key": "keep",
    }
