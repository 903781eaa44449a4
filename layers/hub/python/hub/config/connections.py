"""The sources by connector: how to reach them and how a data set is fetched."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from hub.config.attributes import Attribute
from hub.config.base import Name, Rate, SecretName, Span, Strict, Whole
from hub.config.models import Authentication, DataSet, HubConfig, Role
from hub.config.push import PushConnection, PushFetch

_FIELD = r"(\.[A-Za-z_][A-Za-z0-9_-]*|\['[^'\]]+'\])"
JsonPath = Annotated[str, StringConstraints(pattern=rf"^\$({_FIELD})*$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://")]
RecordsPath = Annotated[str, StringConstraints(pattern=rf"^\$(\[\*\])?({_FIELD}(\[\*\])?)*$")]


DATABASE = r"^(sqlite:///|postgresql://|mysql://|mariadb://|sqlserver://)"
LOCATION = r"^(s3://[a-z0-9.-]+/.*|sftp://([^@/\s:]+@)?[A-Za-z0-9.-]+(:\d{1,5})?(/.*)?)$"


class ChangedSince(Strict):
    """Fetch only what changed: the source is asked from the last cursor less `overlap`, for rows that arrive late."""

    column: str
    parameter: str | None = None
    overlap: Span = Field(default="0 seconds", validate_default=True)


class RestChangedSince(ChangedSince):
    """`format` is how the source wants to be told the moment: iso, epoch, epoch_ms or a pattern of strftime, in UTC.

    value: text in which `{since}` is the moment. header: where it is sent, instead of a parameter. start: the moment of
    the first pull, which asks for everything where it is not written.
    """

    format: str = "iso"
    value: str | None = None
    header: str | None = None
    start: date | None = None


class Paging(Strict):
    """How the next page is found.

    `page` counts pages from `first`, `offset` counts rows, both until a page is short or `more` says that there is no
    other; `cursor` sends the value at `next`; `link` follows the header Link, `next_url` the address at `next`;
    `window` asks for one span of time after the other, each in pages as `inside` says; `none` asks once.

    most: records that the source pages through at most; then it is asked anew from the last change that came.
    """

    kind: Literal["page", "offset", "cursor", "link", "next_url", "window", "none"]
    parameter: str | None = None
    first: Literal[0, 1] = 1
    next: JsonPath | None = None
    more: JsonPath | None = None
    size: Whole = Field(default=500, ge=1, le=10_000)
    size_parameter: str | None = "size"
    from_parameter: str | None = None
    to_parameter: str | None = None
    span: Span | None = None
    start: date | None = None
    format: str = "iso"
    inside: "Paging | None" = None
    most: Whole | None = Field(default=None, ge=1)


class GraphQl(Strict):
    """A query and its variables; paging and `changed_since` put theirs beside them."""

    query: str = Field(min_length=1)
    variables: dict[str, Any] = Field(default_factory=dict)


class RestFetch(Strict):
    """A path that is asked for pages of records.

    `records` may lead through lists by `[*]`; `parent` then says which fields of the record around them are carried
    into the records, by their names there.
    """

    path: Annotated[str, StringConstraints(pattern=r"^/")]
    method: Literal["GET", "POST"] = "GET"
    records: RecordsPath = "$"
    parent: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    graphql: GraphQl | None = None
    paging: Paging = Paging(kind="none")
    changed_since: RestChangedSince | None = None
    total: JsonPath | None = None
    total_header: str | None = None
    rate_limit: Rate | None = None
    time_limit: Span = Field(default="7 days", validate_default=True)


class SqlFetch(Strict):
    """A table (or view), or a query that reads; read by keyset on the business key, `rows` at a time.

    filter: a condition in the database's own SQL; what it leaves out is not fetched. parallel: into how many ranges of
    keys a first load is split, each read by a connection of its own.
    """

    table: str | None = None
    query: str | None = None
    filter: str | None = Field(default=None, min_length=1)
    changed_since: ChangedSince | None = None
    rows: Whole = Field(default=50_000, ge=1, le=500_000)
    parallel: Whole = Field(default=1, ge=1, le=8)


class FilesFetch(Strict):
    """Files under the source's location whose name fits `pattern`; gzip and zip are noticed by their bytes.

    Of a delimited text the encoding, separator, quote and header are worked out from its start where they are not
    declared. records: the path of the records in JSON (`$.orders`) and XML (`/export/order`). widths: the first and the
    last character of each column of a fixed-width text. ready: the marker without which a file is not read yet.
    """

    pattern: str = Field(min_length=1)
    format: Literal["csv", "tsv", "fixed", "json", "jsonl", "xml", "xlsx", "parquet"]
    encoding: str | None = None
    separator: str | None = Field(default=None, min_length=1)
    quote: Annotated[str, StringConstraints(pattern=r"^(.|auto)$")] | None = "auto"
    header: bool | Literal["auto"] = "auto"
    names: tuple[str, ...] = ()
    records: str | None = None
    sheet: str | None = None
    widths: dict[str, tuple[int, int]] = Field(default_factory=dict)
    ready: str | None = Field(default=None, min_length=1)


class RestAuthentication(Strict):
    """How to sign in. `secret` is the name of an SSM SecureString, never the secret itself.

    It holds a token (bearer), user:password (basic), a key (api_key), or JSON with client_id and client_secret, for
    refresh_token with that, too.
    """

    kind: Literal["bearer", "basic", "api_key", "client_credentials", "refresh_token"]
    secret: SecretName
    header: str | None = None
    parameter: str | None = None
    token_url: Address | None = None
    scope: str | None = None
    scheme: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = "Bearer"


class Busy(Strict):
    """A refusal (400, 403) that is over soon: the value at `path` of its body is one of `values`."""

    path: str = Field(pattern=r"^\$(\[0\])?" + f"({_FIELD})*$")
    values: tuple[str | int, ...] = Field(min_length=1)


class RestConnection(Strict):
    base_url: Address
    busy: Busy | None = None
    authentication: RestAuthentication | None = None
    timeout: Span = Field(default="30 seconds", validate_default=True)
    headers: dict[str, str] = Field(default_factory=dict)


class SqlConnection(Strict):
    """A database by its address, which holds no secret.

    tls: `verified` checks the server's certificate against `authority` (PEM) or else the authorities that everybody
    knows, and is what a server elsewhere gets; `none` is for a machine of one's own, by its number. private: the host's
    name is meant to lead to a private address.
    statement_timeout: after how long the server itself ends a statement.
    """

    url: Annotated[str, StringConstraints(pattern=DATABASE)]
    authentication: Authentication | None = None
    tls: Literal["verified", "none"] | None = None
    authority: str | None = None
    private: bool = False
    statement_timeout: Span = Field(default="60 seconds", validate_default=True)


class FilesConnection(Strict):
    """Where the files are; without a location they are dropped in the vault bucket under drop/<source>/.

    An SFTP server needs `host_key`, its public key as `ssh-keyscan` prints it, and a secret: a password or a private
    key, behind `user:` where the location does not name the user.
    """

    location: Annotated[str, StringConstraints(pattern=LOCATION)] | None = None
    host_key: str | None = None
    authentication: Authentication | None = None


class OwnConnection(Strict):
    """A connector of the organisation's own: `connectors/<file>.py` of the deployment folder, and what it is told."""

    file: Name
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    authentication: Authentication | None = None


class OwnFetch(Strict):
    """What the connector is told of a data set."""

    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    changed_since: ChangedSince | None = None


class _Source(Strict):
    name: Name
    description: str
    owner: str
    trust: Whole = Field(ge=0, le=100)


class RestDataSet(DataSet):
    fetch: RestFetch


class SqlDataSet(DataSet):
    fetch: SqlFetch


class FilesDataSet(DataSet):
    fetch: FilesFetch


class OwnDataSet(DataSet):
    fetch: OwnFetch = OwnFetch()


class PushDataSet(DataSet):
    fetch: PushFetch = PushFetch()

    @field_validator("frequency", mode="before")
    @classmethod
    def _as_it_arrives(cls, given: Any) -> Any:
        """What is real-time has no schedule: a pull begins when something has arrived."""
        real_time = isinstance(given, dict) and given.get("class") == "real-time"
        return {"rate": None, **given} if real_time else given

    @property
    def replaces(self) -> None:
        """What arrives only adds."""
        return None


class RestSource(_Source):
    connector: Literal["rest"]
    connection: RestConnection
    data_sets: dict[Name, RestDataSet] = Field(min_length=1)


class SqlSource(_Source):
    connector: Literal["sql"]
    connection: SqlConnection
    data_sets: dict[Name, SqlDataSet] = Field(min_length=1)


class FilesSource(_Source):
    connector: Literal["files"]
    connection: FilesConnection = FilesConnection()
    data_sets: dict[Name, FilesDataSet] = Field(min_length=1)


class OwnSource(_Source):
    connector: Literal["own"]
    connection: OwnConnection
    data_sets: dict[Name, OwnDataSet] = Field(min_length=1)


class PushSource(_Source):
    connector: Literal["push"]
    connection: PushConnection
    data_sets: dict[Name, PushDataSet] = Field(min_length=1)


Source = Annotated[RestSource | SqlSource | FilesSource | PushSource | OwnSource, Field(discriminator="connector")]
CONNECTORS: dict[str, Any] = {
    "rest": RestSource,
    "sql": SqlSource,
    "files": FilesSource,
    "push": PushSource,
    "own": OwnSource,
}


class Deployment(Strict):
    """A whole deployment folder; its JSON is what the functions are shipped with."""

    name: str
    hub: HubConfig
    sources: dict[str, Source]
    roles: dict[str, Role] = Field(default_factory=dict)
    attributes: dict[Name, Attribute] = Field(default_factory=dict)
