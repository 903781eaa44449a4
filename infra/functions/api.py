"""What every function of the API has: its settings, its right to check who asks, its routes."""

from infra.rights import ITEMS, Function, Grant, Route


def api(does: str, layer: str, routes: str, settings: tuple[str, ...] = (), grants: tuple[Grant, ...] = ()) -> Function:
    """A function of the API: each line of `routes` is a method and a path, and `public` where no token is asked for."""
    lines = [line.split() for line in routes.strip().splitlines()]
    return Function(
        does,
        layer,
        "api",
        ("ACCESS_TABLE", "AUDIT_BUCKET", "USER_POOL_CLIENT_ID", "MACHINE_CLIENTS", "QUOTAS", *settings),
        (Grant("access", ITEMS), Grant("audit/audit", ("s3:PutObject",)), *grants),
        tuple(Route(method, path, public=bool(rest)) for method, path, *rest in lines),
    )
