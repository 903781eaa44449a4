"""Signing in, users, roles, machine clients; what anybody may fetch."""

from infra.functions.api import api
from infra.rights import (
    GROUPS,
    READ_OBJECTS,
    USERS,
    Function,
    Grant,
    Route,
)

ACCESS: dict[str, Function] = {
    "session": api(
        "Signs people in and keeps their refresh tokens; tells them who they are.",
        "core",
        """
        POST   /v1/session          public
        POST   /v1/session/refresh  public
        DELETE /v1/session          public
        GET    /v1/me
        """,
        ("USER_POOL_ID", "SESSION_KEY_ID", "PUBLIC_URL"),
        (
            Grant("user_pool", ("cognito-idp:AdminInitiateAuth", "cognito-idp:AdminRespondToAuthChallenge")),
            Grant("hub_key", ("kms:Encrypt", "kms:Decrypt")),
        ),
    ),
    "users": api(
        "Users, who has which role, and the audit log.",
        "core",
        """
        GET   /v1/users
        POST  /v1/users
        PATCH /v1/users/{username}
        GET   /v1/rights
        GET   /v1/audit
        """,
        ("USER_POOL_ID",),
        (Grant("user_pool", USERS), Grant("audit/audit", READ_OBJECTS)),
    ),
    "roles": api(
        "Shows the roles; makes, changes and deletes custom ones.",
        "core",
        """
        GET    /v1/roles
        POST   /v1/roles
        PUT    /v1/roles/{name}
        DELETE /v1/roles/{name}
        """,
        ("USER_POOL_ID",),
        (Grant("user_pool", GROUPS),),
    ),
    "clients": api("Shows the machine clients; stops one.", "core", "GET /v1/clients\nPATCH /v1/clients/{name}"),
    "health": Function(
        "Says that the API is up.",
        "core",
        "api",
        (),
        (),
        (Route("GET", "/v1/health", public=True),),
        memory=256,
        timeout=5,
    ),
    "console": Function(
        "Serves the console's files.",
        "core",
        "api",
        ("UPLOAD_ORIGIN",),
        (),
        (Route("", "$default", public=True),),
        memory=256,
        timeout=10,
    ),
}
