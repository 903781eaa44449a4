"""By which channel a person is written to: the one he stated, else the one by which he acts, else as the campaign
orders them. Pure: no AWS."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

Channel = Literal["email", "sms"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
POINTS: Final[Mapping[Channel, str]] = {"email": "email", "sms": "phone"}
"""The kind of contact point that a channel writes to; its key names the address, whatever the channel."""
Why = Literal["stated", "inferred", "order"]
WHYS: Final[tuple[Why, ...]] = get_args(Why)
Act = tuple[int, str]
"""What a person did with a message and when last: ANSWERED or OPENED, then the moment as `2026-01-31 08:00:00`."""
OPENED: Final = 1
ANSWERED: Final = 2
"""A click or a reply; an opening may be a machine's, so that it counts where there is nothing else."""
ACT_DAYS: Final = 180
"""How long what somebody did tells which channel he likes."""
WORDS: Final[Mapping[Channel, frozenset[str]]] = {
    "email": frozenset({"email", "emails", "mail", "mailing", "newsletter"}),
    "sms": frozenset({"sms", "text", "texts", "textmessage", "textmessages", "shortmessage", "txt"}),
}
"""What sources write for a channel, without blanks and hyphens, in small letters."""
BETWEEN: Final = re.compile(r"[,;/|+&\n]|\b(?:or|and|then)\b")


def stated(preferred: str | None) -> list[Channel]:
    """The channels that a golden record's `preferred_channel` names, in its order; others, such as calls, are none."""
    words = (re.sub(r"[^a-z]", "", word) for word in BETWEEN.split((preferred or "").lower()))
    named = (channel for word in words for channel in CHANNELS if word in WORDS[channel])
    return list(dict.fromkeys(named))


def telling(*several: Mapping[Channel, Act]) -> dict[Channel, Act]:
    """The most telling act by channel, of all that are known from several sides."""
    found: dict[Channel, Act] = {}
    for acts in several:
        found |= {channel: max(found.get(channel, act), act) for channel, act in acts.items()}
    return found


def ranked(
    channels: Sequence[Channel], preferred: str | None, acts: Mapping[Channel, Act]
) -> list[tuple[Channel, Why]]:
    """A campaign's channels in the order in which this person is to be tried, each with the reason for its place."""
    by_word = [channel for channel in stated(preferred) if channel in channels]
    acting = [channel for channel in channels if channel in acts]
    by_act = sorted(acting, key=lambda channel: acts[channel], reverse=True)
    order: dict[Channel, Why] = {}
    for why, some in zip(WHYS, (by_word, by_act, channels), strict=True):
        for channel in some:
            order.setdefault(channel, why)
    return list(order.items())
