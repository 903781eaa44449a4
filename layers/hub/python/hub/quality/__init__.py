"""Types, checks, repairs, standard forms and tokens of rows, a whole column at a time."""

from hub.quality.attributes import with_attributes
from hub.quality.cast import arrow_type, as_text
from hub.quality.checks import told
from hub.quality.refine import EXTRA, Failure, Fixed, Refined, refine
from hub.quality.tokens import record_hashes, seed, token, tokens

__all__ = [
    "EXTRA",
    "Failure",
    "Fixed",
    "Refined",
    "arrow_type",
    "as_text",
    "record_hashes",
    "refine",
    "seed",
    "token",
    "tokens",
    "told",
    "with_attributes",
]
