"""The resolver of the API: permission per route, one error shape, paging, repeated requests, one document."""

from hub.api.replies import Accepted, Created, Page, Reply, decode_cursor, encode_cursor
from hub.api.resolver import Api, error_reply
from hub.api.routes import Call, Limit, Request, Route

__all__ = [
    "Accepted",
    "Api",
    "Call",
    "Created",
    "Limit",
    "Page",
    "Reply",
    "Request",
    "Route",
    "decode_cursor",
    "encode_cursor",
    "error_reply",
]
