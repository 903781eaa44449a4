"""Who is who: which records are one person, and which persons are one household.

The steps are SELECTs of `sql/identity`, the same text for Athena and DuckDB; what is learned is learned here, from
counts.
"""

from hub.identity.knowledge import Knowledge, read
from hub.identity.matcher import Engine, Matcher, Outcome, Settings
from hub.identity.model import Model

__all__ = ["Engine", "Knowledge", "Matcher", "Model", "Outcome", "Settings", "read"]
