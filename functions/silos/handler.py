"""Sources in, tables, uses out: the API's /v1/map."""

from functools import cache

from hub.access import Principal
from hub.api import Api
from hub.settings import SilosSettings
from hub.silos.desk import SiloMap, Silos

api = Api("silos")
silos = cache(lambda: Silos(SilosSettings.read()))


@api.get("/v1/map", permission="sources.read")
def show_map(principal: Principal) -> SiloMap:
    """What comes in from where, which tables it becomes, and which reports, segments and campaigns read these."""
    return silos().show(principal)


handler = api.resolve
