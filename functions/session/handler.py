"""Sign in, stay signed in, sign out: the API's /v1/session and /v1/me."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal
from hub.access.sessions import COOKIE, Challenge, Sessions, SignedIn, SignIn, clear_cookie, set_cookie
from hub.api import Api, Call, Reply
from hub.settings import SessionSettings

api = Api("session")
sessions = cache(lambda: Sessions(SessionSettings.read()))


@api.post("/v1/session", public=True)
def sign_in(request: SignIn, call: Call) -> Reply:
    """Sign in: an access token and the session's cookie, or a challenge."""
    sessions().check_origin(call.headers.get("origin"), required=False)
    return _shape(sessions().sign_in(request))


@api.post("/v1/session/refresh", public=True)
def refresh(call: Call) -> Reply:
    """A new access token for the session of the cookie."""
    sessions().check_origin(call.headers.get("origin"), required=True)
    return _shape(sessions().refresh(call.cookies.get(COOKIE)))


@api.delete("/v1/session", public=True)
def sign_out(call: Call) -> Reply:
    """End the session of the cookie."""
    sessions().check_origin(call.headers.get("origin"), required=True)
    sessions().sign_out(call.cookies.get(COOKIE))
    return Reply(204, cookies=[clear_cookie()])


@api.get("/v1/me", permission="signed_in")
def me(principal: Principal) -> dict[str, str | list[str]]:
    """Who is signed in, and what he may do."""
    roles, permissions = sorted(principal.roles), sorted(principal.permissions)
    return {"id": principal.id, "username": principal.username, "roles": roles, "permissions": permissions}


def _shape(result: SignedIn | Challenge) -> Reply:
    if isinstance(result, Challenge):
        return Reply(200, {"challenge": result.challenge, "session": result.session})
    body = {"access_token": result.access_token, "expires_in": result.expires_in, "user": result.user}
    return Reply(200, body, cookies=[set_cookie(result.cookie)])


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
