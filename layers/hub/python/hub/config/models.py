"""What a deployment folder says, as typed models. Rules that span fields are in `rules`, reading files in `load`."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from hub.access.limits import Limit, Limits
from hub.config.base import Days, Name, Percent, SecretName, Span, Strict
from hub.config.capture import Capture
from hub.config.leads import LeadChannels
from hub.config.standing import Definitions, LifeCycle
from hub.config.survivorship import Survivorship
from hub.config.targets import Target

TYPE = r"^(varchar|bigint|integer|double|boolean|date|timestamp|json|decimal\((\d{1,2}),\s*(\d{1,2})\))$"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Severity = Literal["reject", "warn", "suggest", "fix"]


class Check(Strict):
    """One rule on a column's value; `of` is the rule's argument, None where it has none.

    on_failure: None where the column's own holds.
    """

    rule: Literal[
        "email",
        "phone",
        "one_of",
        "between",
        "pattern",
        "length",
        "unique",
        "reference",
        "postcode",
        "plausible_date",
        "fresh",
        "tidy",
        "title",
        "gender",
        "salutation",
        "name",
        "company",
        "address",
        "country",
        "currency",
    ]
    of: Any = None
    on_failure: Severity | None = None


def _check(value: Any) -> Any:
    if isinstance(value, str):
        return {"rule": value}
    if not isinstance(value, dict) or "rule" in value:
        return value
    given = dict(value)
    own = {"on_failure": given.pop("on_failure")} if "on_failure" in given else {}
    if len(given) > 1:
        raise ValueError("holds several checks; write `checks: [{one_of: [a, b]}, {length: [1, 2]}]`")
    rule, of = next(iter(given.items()), (None, None))
    return {"rule": rule, "of": of, **own}


class Column(Strict):
    """A column that is staged. `source_name` is the source's own name where it differs.

    default: what stands where the source has nothing; each such value is marked as imputed. attribute: the one of
    attributes.yaml to which it gives its values.
    """

    type: Annotated[str, StringConstraints(pattern=TYPE)]
    source_name: str | None = Field(default=None, min_length=1)
    required: bool = False
    default: Any = None
    checks: tuple[Check, ...] = ()
    on_failure: Severity = "reject"
    personal: Literal["none", "name", "email", "phone", "birth_date", "address", "id"] = "none"
    purpose: str | None = None
    format: str | tuple[str, ...] | None = None
    time_zone: str | None = None
    description: str | None = None
    attribute: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_check_or_many(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = dict(given)
        checks = given.pop("checks", [])
        if not isinstance(checks, list | tuple):
            raise ValueError(
                "`checks` is a list; write `check: email` for one, `checks: [email, {length: [1, 80]}]` for more"
            )
        if "check" in given:
            checks = [given.pop("check"), *checks]
        if given.pop("unique", False):
            checks = [*checks, "unique"]
        return {**given, "checks": [_check(check) for check in checks]}

    def rule(self, name: str) -> Check | None:
        return next((check for check in self.checks if check.rule == name), None)

    def severity(self, check: Check) -> Severity:
        """What becomes of a value that breaks the check."""
        return check.on_failure or self.on_failure

    @property
    def formats(self) -> tuple[str, ...]:
        """How the source writes dates, the likeliest first."""
        return (self.format,) if isinstance(self.format, str) else self.format or ()

    @property
    def has_standard(self) -> bool:
        """Whether staging carries `<column>_standard` beside it."""
        return self.personal == "name" or any(check.rule in ("email", "phone") for check in self.checks)

    @property
    def has_latin(self) -> bool:
        """Whether staging carries `<column>_latin` beside it."""
        return self.personal == "name" and self.type == "varchar"

    @property
    def computed(self) -> tuple[str, ...]:
        """The endings of the columns that staging carries beside it."""
        return ("_standard",) * self.has_standard + ("_latin",) * self.has_latin


class Keys(Strict):
    """What identifies a row (business), what says that it changed (change), what puts versions in order (order)."""

    business: tuple[str, ...] = ()
    change: str | None = None
    order: str | None = None
    deleted: str | None = None


# What a class stands for where no cron or rate is given, and which class an importance stands for.
USUAL: dict[Any, dict[str, str]] = {
    "real-time": {"rate": "5 minutes"},
    "hourly": {"cron": "10 * * * ? *"},
    "daily": {"cron": "10 2 * * ? *"},
    "weekly": {"cron": "10 3 ? * MON *"},
    "monthly": {"cron": "10 4 1 * ? *"},
}
LOW_DAYS = 14  # for which staging of low importance is kept
CLASS_OF = {"high": "hourly", "normal": "daily", "low": "weekly"}


class Frequency(Strict):
    """How often a data set is pulled, and how old its data may become.

    on_holidays: what becomes of a pull on a weekend or a holiday of hub.yaml. stale_after: an age instead of what
    class and importance allow.
    """

    class_: Literal["real-time", "hourly", "daily", "weekly", "monthly", "on-demand"] = Field(alias="class")
    cron: str | None = None
    rate: str | None = None
    time_zone: str | None = None
    importance: Literal["low", "normal", "high"] = "normal"
    on_holidays: Literal["pull", "skip", "move"] = "pull"
    stale_after: Span | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, given: Any) -> Any:
        """The class that an importance stands for, and the schedule that a class stands for."""
        if not isinstance(given, dict):
            return given
        given = dict(given)
        if "class" not in given and isinstance(importance := given.get("importance", "normal"), str):
            given["class"] = CLASS_OF.get(importance, "daily")
        if not given.keys() & {"cron", "rate"} and isinstance(given.get("class"), str):
            given |= USUAL.get(given["class"], {})
        return given

    @property
    def expression(self) -> str | None:
        """EventBridge Scheduler's expression, None where the data set is pulled on demand only."""
        if self.cron:
            return f"cron({self.cron})"
        return f"rate({self.rate})" if self.rate else None


class Filter(Strict):
    """Rows that all conditions hold for are left out and counted under `rule`; `null` holds where there is no value."""

    rule: Name
    where: dict[str, tuple[Check, ...]]

    @model_validator(mode="before")
    @classmethod
    def _conditions(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("where"), dict):
            return given
        where = {}
        for column, condition in given["where"].items():
            conditions = condition if isinstance(condition, list | tuple) else [condition] if condition else []
            where[column] = [_check(each) for each in conditions]
        return {**given, "where": where}


class Expectation(Strict):
    """`column` stands so to the column `of`, or to a fixed `value`."""

    column: str
    is_: Literal["equal", "not_equal", "at_most", "less", "at_least", "more", "present_if", "postcode_of", "age_of"] = (
        Field(alias="is")
    )
    of: str | None = None
    value: Any = None

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class Rule(Strict):
    """What must hold between the columns of a row; nothing is expected of a value that is not there."""

    rule: Name
    expect: Expectation
    on_failure: Literal["reject", "warn"] = "reject"


class Gate(Strict):
    """When a pull is held back from publication although its ledger balances.

    undecided: what the next pull does while nobody has decided: wait, or abandon the held one and fetch again.
    """

    max_quarantined_percent: Percent = 20
    max_deleted_percent: Percent = 20
    undecided: Literal["wait", "fetch_again"] = "wait"


def key_expression(value: Any) -> Any:
    """A list of columns as the SQL text that joins them; the models read text only."""
    if isinstance(value, list | tuple):
        return " || '-' || ".join(f"cast({column} as varchar)" for column in value)
    return value


def key_columns(expression: str) -> list[str] | None:
    """The columns of a key expression: one, or several joined as `key_expression` does; None for any other text."""
    if re.fullmatch(r"[a-z_]\w*", expression):
        return [expression]
    parts = [re.fullmatch(r"cast\(([a-z_]\w*) as varchar\)", part) for part in expression.split(" || '-' || ")]
    return [part[1] for part in parts if part] if all(parts) else None


Expression = Annotated[str, BeforeValidator(key_expression)]


class DataSet(Strict):
    """One kind of thing that a source gives. `fetch` differs by connector (see `connections`)."""

    description: str
    fetch: Any
    frequency: Frequency
    keys: Keys = Keys()
    columns: dict[Name, Column] = Field(min_length=1)
    ignore: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    rules: tuple[Rule, ...] = ()
    gate: Gate = Gate()
    on_drift: Literal["keep", "hold", "quarantine"] = "keep"
    hard_deletes: Literal["detect", "ignore"] | None = None
    history: bool = False
    entity: dict[str, dict[str, Expression]] = Field(default_factory=dict)
    retention_days: Days | None = None

    @property
    def replaces(self) -> Literal["data_set", "object"] | None:
        """What a pull tells the whole truth about, so that a row missing from it is gone; None where it only adds."""
        if self.hard_deletes == "ignore" or getattr(self.fetch, "changed_since", None):
            return None
        # A row that changes while windows of time are read has left the one that is read next.
        if (paging := getattr(self.fetch, "paging", None)) and paging.kind == "window":
            return None
        return "object" if hasattr(self.fetch, "pattern") else "data_set"

    def staging_days(self, kept: "Retention") -> int:
        """How long what is staged and refused is kept: never longer than the hub says for all."""
        usual = LOW_DAYS if self.frequency.importance == "low" else kept.staging_days
        return min(self.retention_days or usual, kept.staging_days)

    def checked(self, rule: str) -> dict[str, Check]:
        """The columns that have this check, with it."""
        return {name: check for name, column in self.columns.items() if (check := column.rule(rule))}

    @property
    def attributes(self) -> dict[str, str]:
        """Attribute of a customer -> the column that gives it."""
        return {column.attribute: name for name, column in self.columns.items() if column.attribute}

    @property
    def first_entity(self) -> str | None:
        """The entity whose record key is `_record_key`; the others have `_record_key_<entity>`."""
        return next(iter(self.entity), None)


class Authentication(Strict):
    """How to sign in. `secret` is the name of an SSM SecureString, never the secret itself."""

    kind: Literal["bearer", "password"]
    secret: SecretName


class Retention(Strict):
    landing_days: Days = 30
    staging_days: Days = 30
    results_days: Days = 7
    audit_days: Days = 365


class Senders(Strict):
    """sms: whom texts come from, in AWS End User Messaging: `phone-…` or `pool-…`, which people can answer, or
    `SENDERID/IN`, a name in a country. clicks: links in messages lead over SES, which tells who clicked; the link to
    unsubscribe never does.
    """

    email: str | None = None
    sms: str | None = None
    clicks: bool = False


class Client(Strict):
    """An application that calls the API by itself; each scope is a permission."""

    description: str | None = None
    scopes: tuple[str, ...] = Field(min_length=1)
    quota: Limit | None = None


class Quotas(Strict):
    """Requests of a user or a client through the API; the default holds for whom nothing is said."""

    default: Limit = Limits().default
    roles: dict[str, Limit] = Field(default_factory=dict)


class QualityLevels(Strict):
    """Percent of a data set's values or rows that are right: from where it is good, and below what it is poor."""

    good: Percent = 95
    poor: Percent = 80


class HubConfig(Strict):
    """hub.yaml: what is true for the whole organisation."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    time_zone: str = "UTC"
    weekend: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...] = (
        "saturday",
        "sunday",
    )
    holidays: tuple[date, ...] = Field(default=(), max_length=2_000)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    domain: str | None = None
    edge: bool = False
    residency: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[1-9]$")], ...] = ()
    senders: Senders = Senders()
    alarm_email: str | None = None
    budget_usd: float | None = Field(default=None, gt=0)
    retention: Retention = Retention()
    allow_list: tuple[str, ...] = ()
    clients: dict[Name, Client] = Field(default_factory=dict, max_length=16)
    quotas: Quotas = Quotas()
    quality: QualityLevels = QualityLevels()
    quality_targets: tuple[Target, ...] = Field(default=(), max_length=200)
    capture: Capture = Capture()
    survivorship: Survivorship = Field(default_factory=dict)
    survivorship_next: Survivorship = Field(default_factory=dict)
    life_cycle: LifeCycle = LifeCycle()
    customer_definitions: Definitions = ()
    lead_channels: LeadChannels = Field(default_factory=dict)
    variables: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")], str] = Field(default_factory=dict)


class Role(Strict):
    """A role of the organisation's own, beside the shipped ones."""

    description: str
    permissions: tuple[str, ...] = Field(min_length=1)
