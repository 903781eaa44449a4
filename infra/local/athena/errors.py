"""How a statement ends badly."""


class QueryFailed(Exception):
    """A query that ended FAILED. `name` is Trino's error name; the reason reads "NAME: message"."""

    USER, SYSTEM = 2, 1

    def __init__(self, name: str, message: str, category: int = USER, error_type: int = 1006):
        super().__init__(f"{name}: {message}")
        self.name, self.category, self.error_type = name, category, error_type


class BadStatement(Exception):
    """SQL that cannot be parsed: the API answers InvalidRequestException with this text ("line L:C: ...")."""


class Cancelled(Exception):
    """Raised inside a running statement once its execution was stopped."""
