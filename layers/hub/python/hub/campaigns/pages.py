"""The few pages that a customer sees. No script, no cookie; they look like the console by its style sheet."""

import html
from collections.abc import Mapping
from typing import Final

from hub.api import Reply
from hub.campaigns.links import WRONG

POLICY: Final = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><link rel="stylesheet" href="/style.css"></head>
<body class="letter"><main><h1>{title}</h1>{body}</main></body></html>
"""


NO_MORE: Final[Mapping[str, str]] = {"email": "e-mail from us at this address", "sms": "texts from us at this number"}


def asked(token: str, channel: str) -> Reply:
    action = html.escape(f"/v1/links/unsubscribe?token={token}")
    button = f'<form method="post" action="{action}"><button type="submit" class="main">Unsubscribe</button></form>'
    return _page(200, "Unsubscribe", f"<p>Press the button and you get no more {NO_MORE[channel]}.</p>{button}")


def done(channel: str) -> Reply:
    return _page(200, "You are unsubscribed", f"<p>You will get no more {NO_MORE[channel]}.</p>")


def asked_to_confirm(token: str) -> Reply:
    action = html.escape(f"/v1/links/confirm?token={token}")
    button = f'<form method="post" action="{action}"><button type="submit" class="main">Confirm</button></form>'
    text = "<p>Press the button to confirm that this is your address and that we may write to you there.</p>"
    return _page(200, "Confirm your address", text + button)


def confirmed() -> Reply:
    return _page(200, "Thank you", "<p>Your address is confirmed. You can unsubscribe by a link in each message.</p>")


def used() -> Reply:
    return _page(409, "This link was used", "<p>It works once, and not after another one was sent.</p>")


def wrong() -> Reply:
    return _page(400, "This link does not work", f"<p>{html.escape(WRONG)}</p>")


def _page(status: int, title: str, body: str) -> Reply:
    text = PAGE.format(title=html.escape(title), body=body)
    return Reply(status, text, "text/html; charset=utf-8", {"content-security-policy": POLICY})
