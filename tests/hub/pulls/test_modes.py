"""The same thousand rows by every way into the hub leave the same keys, hashes and values in staging."""

import gzip
import json
import sqlite3
from contextlib import closing

import boto3
import pyarrow as pa
import pymysql
import pytest
import requests
from adbc_driver_postgresql import dbapi

from hub import config
from hub.api.routes import Call
from hub.collect import Collector
from hub.config.names import drop
from hub.pulls.uploads import UploadDesk, UploadRequest
from hub.quality import record_hashes, seed, tokens
from hub.settings import CollectSettings, UploadsSettings
from tests.hub.pulls import writings
from tests.hub.pulls.conftest import CONTROL, VAULT
from tests.hub.sources.double import Api, serving
from tests.hub.sources.tds import Double
from tests.hub.sources.tds import serving as sql_server
from tests.hub.sources.test_sftp import HOST
from tests.hub.sources.test_sftp import serving as sftp_serving
from tests.stores import create_table

THINGS = "odd.things"
MANIFEST = """
name: odd
description: Odd values.
owner: tests@example.org
trust: 10
connector: %s
data_sets:
  things:
    description: Things.
    fetch: {%s}
    frequency: {class: on-demand}
    keys: {business: [id]}
    columns:"""
SECRET = "authentication: {kind: %s, secret: /hub/crm/token}"  # make_stores has it: crm-token
COLLECT = {"stage": "test", "arrivals_table": "arrivals", "vault_bucket": VAULT, "recent_function": "recent"}
UPLOAD = {
    "stage": "test", "access_table": "access", "user_pool_client_id": "c", "control_table": CONTROL,
    "vault_bucket": VAULT, "pull_queue_url": "to be made",
}  # fmt: skip
SQL_SERVER = ["nvarchar(20)", "bigint", "decimal(18,4)", "float", "bit", "date", "datetimeoffset(7)", "datetime2(7)"]
SQL_SERVER += ["bigint", "nvarchar(max)", "nvarchar(max)"]
DATABASE = """create table things (id varchar(20) primary key, number bigint, amount decimal(18,4),
    rate double precision, active boolean, born_on date, seen_at %s, local_at %s, code bigint, tags %s, note text)"""


@pytest.fixture(scope="module")
def expected():
    """Of each row its key, its hash and its values, worked out without a source."""
    table = writings.held()
    keys = tokens(b"k" * 64, "odd", "things", [table["id"].combine_chunks()])
    hashes = record_hashes(table.columns, seed(b"k" * 64))
    return compared(table.append_column("_record_key", keys).append_column("_record_hash", hashes))


def compared(table):
    """Hashes know microseconds, staging has milliseconds."""
    kinds = writings.held().schema
    stored = pa.schema(
        [
            kinds.field(n).with_type(pa.timestamp("ms") if n.endswith("_at") else kinds.field(n).type)
            for n in writings.NAMES
        ]
    )
    tokens_of = table.select(["_record_key", "_record_hash"])
    rows = table.select(writings.NAMES).cast(stored, safe=False)
    return sorted(zip(*(column.to_pylist() for column in [*tokens_of.columns, *rows.columns]), strict=True))


@pytest.fixture
def pulled(bench, deployment):
    """Pulls by a manifest; `before` puts there what is pulled, once it knows the deployment."""

    def made(connector, fetch, connection="", before=lambda deployment: None, refused=0):
        text = MANIFEST % (f"{connector}\nconnection: {{{connection}}}" if connection else connector, fetch)
        loaded = deployment(odd=text + writings.COLUMNS)
        before(loaded)
        world = bench(loaded)
        pull = world.pull(THINGS)
        assert (pull.state, pull.staged, pull.quarantined) == ("complete", writings.COUNT, refused), pull
        return compared(world.staged(THINGS))

    return made


FILES = {
    "CSV": ("csv", lambda: writings.delimited(",", ("false", "true")), ""),
    "CSV, semicolons": ("csv", lambda: writings.delimited(";", ("N", "Y")), ""),
    "TSV": ("tsv", lambda: writings.delimited("\t", ("no", "yes")), ""),
    "fixed width": ("fixed", writings.fixed, f"widths: {json.dumps({n: list(w) for n, w in writings.WIDTHS.items()})}"),
    "JSON": ("json", lambda: writings.as_json({"a": writings.records()}), "records: $.a"),
    "JSON lines": ("jsonl", lambda: "\n".join(map(writings.as_json, writings.records())), ""),
    "XML": ("xml", writings.xml, "records: /rows/row"),
    "XLSX": ("xlsx", writings.xlsx, ""),
    "Parquet": ("parquet", writings.parquet, ""),
    "gzip": ("jsonl", lambda: gzip.compress("\n".join(map(writings.as_json, writings.records())).encode()), ""),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file(pulled, expected, name):
    form, make, more = FILES[name]
    body = make()

    def put(_):
        boto3.client("s3").put_object(Bucket=VAULT, Key=f"{drop('odd')}a", Body=body)

    assert pulled("files", f'pattern: "*", format: {form}, {more}', before=put) == expected


class Application(Api):
    """A page of records as JSON, with decimals as numbers."""

    def reply(self, request, query, body):
        asked = json.loads(body)["variables"] if body else query
        start, size = int(asked.get("after", 0)), int(asked["first"])
        some, more = self.rows[start : start + size], start + size < len(self.rows)
        page = {"nodes": some, "pageInfo": {"hasNextPage": more, "endCursor": str(start + size) if more else None}}
        return writings.as_json({"data": {"things": page}}).encode()


PAGED = (
    "records: $.data.things.nodes, paging: {kind: cursor, parameter: after, size: 300, size_parameter: first, "
    "next: $.data.things.pageInfo.endCursor}"
)
ASKED = {
    "REST": "path: /things",
    "GraphQL": "path: /graphql, method: POST, graphql: {query: '{ things }', variables: {}}",
}


@pytest.mark.parametrize("name", ASKED)
def test_an_api(pulled, expected, name):
    with serving(Application(writings.records())) as api:
        found = pulled("rest", f"{ASKED[name]}, {PAGED}", f"base_url: '{api.url}', {SECRET % 'bearer'}")
    assert found == expected


def test_postgresql(pulled, expected, postgresql):
    url = f"postgresql://owner@127.0.0.1:{postgresql.port}/postgres"
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("drop table if exists things")
        cursor.execute(DATABASE % ("timestamptz", "timestamp", "jsonb"))
        cursor.execute(writings.inserts(lambda moment: moment.isoformat()))
    assert pulled("sql", "table: things, rows: 300", f"url: '{url}'") == expected


def test_mariadb(pulled, expected, mariadb):
    """One day is none: all of its page comes as text."""

    def moment(value):
        return (value.astimezone(writings.UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat(" ")

    url = f"mysql://root@/modes?socket={mariadb.folder}/.s"
    with closing(pymysql.connect(unix_socket=f"{mariadb.folder}/.s", user="root", autocommit=True)) as connection:
        cursor = connection.cursor()
        for statement in (
            "set time_zone = '+00:00', sql_mode = 'NO_BACKSLASH_ESCAPES'",
            "create or replace database modes character set utf8mb4",
            "use modes",
            DATABASE % ("timestamp(6) null", "datetime(6)", "json"),
            writings.inserts(moment),
            "insert into things (id, born_on) values ('L', '2024-02-00')",
        ):
            cursor.execute(statement)
    assert pulled("sql", "table: things, rows: 300", f"url: '{url}'", refused=1) == expected


def test_sql_server(pulled, expected, tmp_path):
    """Its driver, on a double of the protocol; the `datetimeoffset` keeps the writer's clock."""

    def moment(value):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}0" + (f" {value.isoformat()[-6:]}" if value.tzinfo else "")

    types = dict(zip(writings.NAMES, SQL_SERVER, strict=True))
    with sql_server(Double(str(tmp_path / "shop"), types)) as double:
        double.run(f"create table dbo.things ({', '.join(types)})")
        double.run(writings.inserts(moment, lambda amount: f"'{amount}'"))
        boto3.client("ssm").put_parameter(Name="/hub/shop", Value="p w/1", Type="SecureString")
        url = f"sqlserver://reader@127.0.0.1:{double.port}/shop"
        sign_in = "authentication: {kind: password, secret: /hub/shop}"
        assert pulled("sql", "table: dbo.things, rows: 300", f"url: '{url}', {sign_in}") == expected


def test_sqlite(pulled, expected, tmp_path):
    """It has no decimals: a number where a double holds it, else text."""

    def number(value):
        return str(value) if len(value.as_tuple().digits) < 16 else f"'{value}'"

    with closing(sqlite3.connect(tmp_path / "odd.sqlite")) as connection, connection:
        connection.execute(f"create table things ({', '.join(writings.NAMES)})")
        connection.execute(writings.inserts(lambda moment: moment.isoformat(), number))
    assert pulled("sql", "table: things, rows: 300", f"url: 'sqlite:///{tmp_path}/odd.sqlite'") == expected


def test_sftp(pulled, expected, tmp_path):
    (tmp_path / "keys").write_text(HOST.export_public_key().decode())
    (tmp_path / "in").mkdir()
    (tmp_path / "in/things.csv").write_text(writings.delimited(",", ("f", "t")), newline="")
    boto3.client("ssm").put_parameter(Name="/hub/odd", Value="partner:p:w", Type="SecureString")
    with sftp_serving(tmp_path / "in", tmp_path / "keys") as port:
        found = pulled(
            "files",
            'pattern: "*.csv", format: csv',
            f"location: 'sftp://127.0.0.1:{port}/', host_key: '{HOST.export_public_key().decode().strip()}', "
            "authentication: {kind: password, secret: /hub/odd}",
        )
    assert found == expected


@pytest.fixture
def home(tmp_path):
    """Where functions read the deployment."""

    def made(deployment):
        (tmp_path / "deployment.json").write_text(deployment.model_dump_json())
        return tmp_path

    config.read.cache_clear()
    yield made
    config.read.cache_clear()


def test_an_upload(pulled, expected, home):
    body = writings.xlsx()
    queue = boto3.client("sqs").create_queue(QueueName="pulls")["QueueUrl"]

    def sent(deployment):
        desk = UploadDesk(UploadsSettings(hub_home=home(deployment), **UPLOAD | {"pull_queue_url": queue}))
        asked = UploadRequest(source="odd", data_set="things", file_name="things.xlsx", size=len(body))
        upload = desk.start(asked, "u")
        (part,) = upload.parts
        assert requests.put(part.url, body, headers=part.headers, timeout=10).ok
        assert desk.complete(upload.upload_id, "u", "u").state == "complete"

    assert pulled("files", 'pattern: "*.xlsx", format: xlsx', before=sent) == expected


def test_a_push(pulled, expected, home):
    """In a list, in lines and one by one."""
    create_table(boto3.client("dynamodb"), "arrivals")
    texts = list(map(writings.as_json, writings.records()))
    bodies = [f"[{','.join(texts[:400])}]", "\n".join(texts[400:980]), *texts[980:]]

    def sent(deployment):
        collector = Collector(CollectSettings(hub_home=home(deployment), **COLLECT))
        for body in bodies:
            headers = {"authorization": "Bearer crm-token"}
            call = Call("POST", "/v1/collect/odd/things", {}, headers, {}, "192.0.2.1", body.encode())
            collector.take(collector.proven("odd", "things", call), "things", call)

    assert pulled("push", "", SECRET % "token", sent) == expected
