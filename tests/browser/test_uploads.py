"""A file from a computer or a phone to the hub, by the console."""

import pytest


@pytest.mark.parametrize("width", [360, 1280])
def test_a_file_is_sent_in_parts_with_its_progress_and_then_seen(visit, server, width):
    seen = visit(width=width)
    seen.sign_in("sales")
    server.api.uploads.refuse = [503]
    page = seen.page
    page.clock.install()
    seen.go("uploads")
    page.get_by_text("april.csv").wait_for()
    assert not page.get_by_role("button", name="Stop").is_visible(), "nothing is under way"
    body = b"call_id,minutes\n" + b"c1,5\n" * 50_000
    page.get_by_label("Data set", exact=True).select_option(label="calls calls: One row per call.")
    page.get_by_label("File", exact=True).set_input_files({"name": "may.csv", "mimeType": "text/csv", "buffer": body})
    page.get_by_role("button", name="Send").click()
    for _ in range(200):
        page.clock.run_for(500)
        if page.get_by_text("may.csv is sent").count():
            break
    page.get_by_text("may.csv is sent; its pull was asked for.").wait_for()
    assert server.api.uploads.sent == {"/drop/1": body[:100_000], "/drop/2": body[100_000:]}
    page.get_by_text("asked for", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    posts = [path for method, path, _ in server.api.asked if method == "POST" and "uploads" in path]
    assert [path.rpartition("/")[2] for path in posts] == ["uploads", "parts", "complete"], "one part broke off once"
    assert page.get_by_label("File", exact=True).get_attribute("accept") == ".csv,.txt,.csv.gz"


def test_who_may_only_look_sees_no_form(visit):
    seen = visit()
    seen.sign_in("viewer")
    seen.go("uploads")
    seen.page.get_by_text("april.csv").wait_for()
    assert seen.page.get_by_role("button", name="Send").count() == 0
    assert seen.page.get_by_role("link", name="pull 7").count() == 1
