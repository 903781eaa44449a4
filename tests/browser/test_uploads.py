"""A file from a computer or a phone to the hub, by the console."""

import json

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


@pytest.mark.parametrize("width", [360, 1280])
def test_entries_wait_for_the_connection_and_are_sent_once(visit, server, width):
    seen = visit(width=width)
    seen.sign_in("sales")
    page, keys = seen.page, []
    page.on("request", lambda each: keys.append(each.headers.get("idempotency-key"))
            if each.method == "POST" and each.url.endswith("/v1/uploads") else None)  # fmt: skip
    page.clock.install()
    seen.go("uploads/form")
    page.get_by_label("Name").wait_for()
    assert page.get_by_label("Entry id").count() == 0, "the form gives the key itself"
    page.context.set_offline(True)
    for name in ("Asha Rao", "Ravi"):
        page.get_by_label("Name").fill(name)
        page.get_by_label("Where you met").select_option("fair")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # by the keyboard alone
        page.get_by_label("Name").and_(page.locator(":focus")).wait_for()
    page.get_by_text("2 entries wait in this page").wait_for()
    kept = page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"
    )
    assert kept == [0, 0, 0], "nothing of a person stays on the telephone"
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    lost = []

    def lose(route):
        """The hub takes the first request; its answer never comes."""
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/v1/uploads", lose)
    page.context.set_offline(False)
    for _ in range(60):
        page.clock.run_for(1000)
        if page.get_by_text("2 entries were sent.").count():
            break
    page.get_by_text("2 entries were sent.").wait_for()
    assert lost
    assert len(keys) > 1
    sent = [json.loads(line) for body in server.api.uploads.whole for line in body.decode().splitlines()]
    assert [each["full_name"] for each in sent] == ["Asha Rao", "Ravi"]
    assert len({each["entry_id"] for each in sent}) == 2
    seen.wrong.clear()  # the connection that was cut
