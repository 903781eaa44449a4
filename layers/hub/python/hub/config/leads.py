"""By which kind of way a customer was won first, and what he did with what was sent to him: the words of sources."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

from hub.config.standing import Problem, Row, Word

Channel = Literal[
    "search", "advertising", "social", "email", "website", "phone", "event", "store", "field", "referral", "partner",
    "marketplace",
]  # fmt: skip
WORDS: Final[Mapping[Channel, tuple[str, ...]]] = MappingProxyType(
    {
        "search": ("search", "organic search", "seo", "google", "bing", "duckduckgo", "yahoo", "baidu", "yandex"),
        "advertising": ("ad", "ads", "advert", "advertising", "advertisement", "banner", "cpc", "ppc", "paid search",
                        "display", "google ads", "tv", "radio", "print", "newspaper"),
        "social": ("social", "social media", "facebook", "instagram", "linkedin", "twitter", "x", "youtube", "tiktok",
                   "mastodon", "pinterest", "whatsapp", "telegram", "lead ad", "lead ads"),
        "email": ("email", "e-mail", "mail", "newsletter", "mailing"),
        "website": ("website", "web", "site", "web form", "form", "landing page", "shop", "web shop", "webshop",
                    "online", "chat", "web chat", "direct"),
        "phone": ("phone", "telephone", "call", "call centre", "call center", "cold call", "inbound call"),
        "event": ("event", "fair", "trade fair", "trade show", "exhibition", "conference", "seminar", "webinar"),
        "store": ("store", "shop floor", "branch", "counter", "walk-in", "walk in", "showroom"),
        "field": ("field", "visit", "door", "field sales", "sales visit"),
        "referral": ("referral", "word of mouth", "recommendation", "friend", "customer referral", "employee referral"),
        "partner": ("partner", "reseller", "dealer", "distributor", "affiliate", "agency"),
        "marketplace": ("marketplace", "amazon", "flipkart", "ebay", "etsy", "indiamart"),
    }
)  # fmt: skip
"""The usual words, in small letters; of a site the first part of its name. hub.yaml may add its own."""
RESPONSES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "click": ("click", "clicked", "clicks", "link clicked"),
        "reply": ("reply", "replied", "response", "responded", "answered by e-mail", "coupon redeemed"),
        "bounce": ("bounce", "bounced", "hard bounce", "soft bounce", "undelivered", "returned to sender"),
        "unsubscribe": ("unsubscribe", "unsubscribed", "opt-out", "opted out", "opt out", "stop"),
    }
)
"""What mail tools, senders of texts and desks write for what somebody did with what was sent to him."""
RESPONSE_COLUMNS: Final[Mapping[str, str]] = {"word": "varchar", "did": "varchar"}
LeadChannels = dict[Channel, tuple[Word, ...]]
COLUMNS: Final[Mapping[str, str]] = {"word": "varchar", "channel": "varchar"}


def problems(given: Mapping[Channel, tuple[str, ...]]) -> Iterator[Problem]:
    """A word means one channel."""
    meant: dict[str, Channel] = {}
    for channel, some in given.items():
        for word in some:
            if meant.setdefault(word.casefold(), channel) != channel:
                yield ("lead_channels", channel), f"{word!r} is a word for {meant[word.casefold()]!r} already"


def words(given: Mapping[Channel, tuple[str, ...]]) -> list[Row]:
    """`control.lead_word`: what a source writes, or a site, -> the channel; hub.yaml wins over the usual meaning."""
    found = {word: channel for channel, some in WORDS.items() for word in some}
    found |= {word.casefold(): channel for channel, some in given.items() for word in some}
    return [{"word": word, "channel": channel} for word, channel in sorted(found.items())]


def responses() -> list[Row]:
    """`control.response_word`: the kind or the outcome of an interaction -> what the customer did."""
    return [{"word": word, "did": did} for did, some in RESPONSES.items() for word in some]
