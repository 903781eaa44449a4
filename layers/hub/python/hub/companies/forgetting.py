"""Parents and relations of the erased go, before each run."""

from hub.companies.store import CompanyStore
from hub.models.store import RunStore


def forget_related(control_table: str) -> int:
    """How many parents and relations went. A repeat finds nothing."""
    erased = {str(item["sk"]).removeprefix("record#") for item in RunStore(control_table).erasures()}
    return CompanyStore(control_table).forget(erased) if erased else 0
