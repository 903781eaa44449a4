"""Pulls: what was fetched, by batches that a ledger accounts for. The engine itself is imported by its worker alone."""

from hub.pulls.freshness import watch
from hub.pulls.models import Pull, PullCompleted, PullRequest, PullTask
from hub.pulls.sweep import sweep

__all__ = ["Pull", "PullCompleted", "PullRequest", "PullTask", "sweep", "watch"]
