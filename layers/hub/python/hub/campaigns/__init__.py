"""Campaigns: who gets a message, each at most once, and what became of each. Nobody is lost from the count.

The names are loaded when they are used: what sends must not need what judges SQL.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.campaigns.recovery import after_unclean_start, sweep
    from hub.campaigns.triggers import begin_due

__all__ = ["after_unclean_start", "begin_due", "sweep"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from hub.campaigns import recovery, triggers

        return getattr(triggers if name == "begin_due" else recovery, name)
    raise AttributeError(name)
