"""The hub's errors. What a caller may read is in the message; the API chooses the status by type alone."""


class HubError(Exception):
    """Base of all errors that the hub raises on purpose. `code` is stable and part of the API."""

    code = "internal"
    status = 500

    def __init__(self, message: str, details: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(HubError):
    """The request is well formed but its content is refused; details name each field."""

    code, status = "invalid_input", 422


class BadRequest(HubError):
    """The request cannot be read at all: not JSON, a wrong cursor, an unknown parameter."""

    code, status = "bad_request", 400


class Unauthenticated(HubError):
    code, status = "unauthenticated", 401


class Forbidden(HubError):
    code, status = "forbidden", 403


class NotFound(HubError):
    code, status = "not_found", 404


class MethodNotAllowed(HubError):
    code, status = "method_not_allowed", 405


class Conflict(HubError):
    """The thing is in a state that does not allow this, or somebody else changed it first."""

    code, status = "conflict", 409


class TooLarge(HubError):
    code, status = "too_large", 413


class TooManyRequests(HubError):
    code, status = "too_many_requests", 429


class Unavailable(HubError):
    """A part that the hub stands on does not answer; trying again later is right."""

    code, status = "unavailable", 503


class SettingsError(HubError):
    """The function was deployed without a setting that it needs."""

    code = "settings"


class ConfigError(HubError):
    """A deployment folder has mistakes; `problems` lists each as "file:line: field: what is wrong; remedy"."""

    code = "config"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), problems)
        self.problems = problems


class LeaseLost(HubError):
    """Another worker holds a newer lease on the same work; this one must stop without writing."""

    code, status = "lease_lost", 409
