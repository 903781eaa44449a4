from tests.hub.campaigns.conftest import audiences, over_http, world  # noqa: F401 - the campaigns' own world
