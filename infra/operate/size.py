"""The sizing advisor: how many customers and users, where; what to write into hub.yaml, and what a month costs.

Everything is a rule of thumb, written down here once; docs/COSTS.md says what stands behind it.
"""

from dataclasses import dataclass
from math import ceil

from hub.config.attributes import MOST as MOST_ATTRIBUTES
from infra.operate.prices import (
    DYNAMODB_GB_MONTH,
    GB_SECOND,
    LEAST_SCANNED,
    REGIONS,
    REQUEST,
    S3_GB_MONTH,
    SCANNED_TB,
)
from infra.operate.stage import OperateError

IDLE = 13.9  # a month of the demo in which nobody uses it; a test compares it with the templates
ROWS = 20  # that a customer's applications give in a month: changes, orders, contacts
STORED, PROFILE = 40_000, 4_000  # bytes of a customer: in S3, in DynamoDB
SCANNED, OF_A_RUN = 600, 150  # bytes of a customer that a report reads, and a statement of a run
SECONDS_PER_ROW = 12e-6  # of a pull's two gigabytes
ITEMS = 3  # of the profile table that a changed customer rewrites
CHANGED = 0.2  # of the customers, each month
STATEMENTS = 40  # of a run, beside those of its matching
RECORDS = 1.5  # of a customer, in all applications
MATCHINGS = 80  # statements of a matching
MATCHED, MATCHED_WHOLE = 1_000, 2_000  # bytes of a record that a matching of news reads, and one of all records
WHOLE = 2  # matchings of all records in a month
ATTRIBUTE = 10  # bytes of a declared attribute of a customer, in the vault and in reporting
REPORTS, LOOK_UPS, CALLS, WORKING_DAYS = 4, 40, 300, 22  # of a user, each day
TERABYTE = 1024**4


@dataclass(frozen=True)
class Profile:
    """A way to run the hub, up to so many customers. runs: of the SQL models each day."""

    name: str
    most: int
    runs: int
    advice: str


PROFILES = (
    Profile("small", 100_000, 24, "every source hourly; nothing to tune"),
    Profile("medium", 2_000_000, 12, "large data sets daily, the rest hourly; keep staging for 14 days"),
    Profile("large", 30_000_000, 4, "pulls by cursor or push only; runs four times a day; keep staging for 7 days"),
)


@dataclass(frozen=True)
class Advice:
    """bill: dollars a month, by what they are for."""

    profile: Profile
    region: str
    bill: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.bill.values())

    @property
    def budget(self) -> int:
        """A third above what is expected, in tens."""
        return ceil(self.total * 1.33 / 10) * 10

    def lines(self) -> list[str]:
        return [
            f"{self.profile.name}: {self.profile.advice}",
            *(f"  {what:<28} {price:10.2f} USD" for what, price in self.bill.items()),
            f"  {'a month in ' + self.region:<28} {self.total:10.2f} USD",
            "hub.yaml:",
            f"  budget_usd: {self.budget}",
            f"  residency: [{self.region}]",
        ]


def advise(profiles: int, users: int, region: str, attributes: int = 0) -> Advice:
    """What suits so many customers and users; OperateError where the numbers or the region are beyond what is known.

    attributes: of a customer, declared in attributes.yaml.
    """
    if region not in REGIONS:
        raise OperateError(f"no prices are known for the region {region!r}; one of {', '.join(REGIONS)}")
    chosen = next((each for each in PROFILES if profiles <= each.most), None)
    if chosen is None or profiles < 1 or not 1 <= users <= 100_000 or not 0 <= attributes <= MOST_ATTRIBUTES:
        raise OperateError(
            f"PROFILES is 1 to {PROFILES[-1].most:,}, USERS 1 to 100,000, ATTRIBUTES 0 to {MOST_ATTRIBUTES:,}; "
            "beyond that measure with your own data"
        )
    rows, calls = profiles * ROWS, users * CALLS * WORKING_DAYS
    bill = {
        "being there": IDLE,
        "pulls": rows * SECONDS_PER_ROW * 2 * GB_SECOND,
        "runs": chosen.runs * 30 * STATEMENTS * _scan(profiles * OF_A_RUN),
        "who is who": chosen.runs * 30 * _matching(profiles, MATCHED) + WHOLE * _matching(profiles, MATCHED_WHOLE),
        "reports": users * REPORTS * WORKING_DAYS * _scan(profiles * SCANNED),
        "profiles": profiles * (CHANGED * ITEMS * REQUEST["dynamodb write"] + PROFILE / 1e9 * DYNAMODB_GB_MONTH),
        "look-ups": users * LOOK_UPS * WORKING_DAYS * 3 * REQUEST["dynamodb"],
        "the API": calls * (REQUEST["api"] + REQUEST["lambda"] + 0.1 * 0.5 * GB_SECOND),
        "storage": profiles * (STORED + attributes * ATTRIBUTE) / 1e9 * S3_GB_MONTH,
    }
    if attributes:
        bill["attributes"] = chosen.runs * 30 * _scan(profiles * attributes * ATTRIBUTE)
    return Advice(chosen, region, {what: round(price * REGIONS[region], 2) for what, price in bill.items()})


def _matching(profiles: int, read: int) -> float:
    """What a matching costs that reads so many bytes of each record; no statement costs less than the least."""
    return max(MATCHINGS * LEAST_SCANNED, profiles * RECORDS * read) / TERABYTE * SCANNED_TB


def _scan(read: int) -> float:
    return max(LEAST_SCANNED, read) / TERABYTE * SCANNED_TB


def misplaced(residency: tuple[str, ...], region: str | None) -> str | None:
    """Why a hub that may only be in some regions is not deployed to this one."""
    if not residency or region in residency:
        return None
    return f"hub.yaml keeps this hub in {', '.join(residency)}, and this is {region}: set AWS_REGION, or `residency:`"
