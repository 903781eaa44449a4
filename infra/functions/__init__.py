"""Every function of the hub: what it runs on, is told, may do and answers to. The one truth for stacks and tests.

A grant names a logical store (`control`, `vault/landing`, `queue:pull` ...); infra/constructs/stores.py says where that
is and adds what the store's key asks for. Nothing is granted anywhere else. One module per room.
"""

from infra.functions.access import ACCESS
from infra.functions.campaigns import CAMPAIGNS
from infra.functions.people import PEOPLE
from infra.functions.pulls import PULLS
from infra.functions.runs import RUNS
from infra.rights import Function

# The only functions that may read persons (vault) and facts (reporting) in bulk. None of them answers to a person.
BULK_READERS = frozenset({"statement", "freeze", "profile"})

FUNCTIONS: dict[str, Function] = ACCESS | PULLS | RUNS | PEOPLE | CAMPAIGNS

# With these Arrow gives memory back as soon as it is free: a pull's peak is a fifth lower, its CPU time the same.
ALLOCATOR = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
WITH_ARROW = frozenset({"pull", "batch"})  # layers
