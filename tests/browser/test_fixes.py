"""Fixes of a pull in the console: read by a steward, undone and taken back; a suggestion has nothing to undo."""

from tests.browser.fake_quarantine import OWN
from tests.browser.test_console import snap


def button(seen, name):
    return seen.page.get_by_role("button", name=name, exact=True)


def test_a_fix_is_undone_and_mended_again(visit, server):
    seen = visit()
    seen.sign_in("steward")
    seen.go(f"overview/pulls/{OWN}")
    seen.page.get_by_text("Values that were mended").wait_for()
    assert button(seen, "Undo full_name of row 1/4").count() == 0, "only suggested"
    button(seen, "Undo gender of row 1/4").click()
    button(seen, "Mend gender of row 1/4").wait_for()
    seen.page.get_by_text("undone", exact=True).wait_for()
    snap(seen, "fixes")
    button(seen, "Mend gender of row 1/4").click()
    button(seen, "Undo gender of row 1/4").wait_for()
    asked = [body["undone"] for method, path, body in server.api.asked if path == "/v1/fixes/undo"]
    assert asked == [True, False]


def test_who_may_not_read_fixes_sees_none(visit):
    seen = visit()
    seen.sign_in("data_engineer")
    seen.go(f"overview/pulls/{OWN}")
    assert seen.page.get_by_text("Values that were mended").count() == 0
