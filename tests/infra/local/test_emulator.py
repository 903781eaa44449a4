"""What the laptop relies on in the emulator's insides; the acceptance of a new version of it."""

import json
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import psutil
import pytest

from infra.local import emulator
from infra.local.laptop import ROOT
from infra.local.localise import archive
from infra.local.processes import answers
from tests.e2e.harness import new_laptop, wait_until

HANDLER = """
import base64, json
def handler(event, context):
    path = event["rawPath"]
    if path == "/raise":
        raise RuntimeError("the secret of the house")
    if path == "/binary":
        return {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(bytes(range(256))).decode()}
    if path == "/cookies":
        return {"statusCode": 200, "cookies": ["a=1; Secure", "b=2"], "body": json.dumps(event.get("cookies"))}
    if path == "/large":
        return {"statusCode": 200, "body": "x" * (7 * 2**20)}
    return {"statusCode": 200, "body": json.dumps({
        "path": path, "query": event.get("queryStringParameters"), "header": event["headers"].get("cookie")})}
"""


KEPT = (("ssm", "/kept"), ("lambda", "echo"), ("apigateway", "$default"))  # what a kill must leave, by service


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def athena():
    """Stands in for the Athena API: keeps the calls that reach it and answers with a name."""
    calls: list[tuple[str, dict]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
            calls.append((self.headers["x-amz-target"], body))
            answer = b'{"QueryExecutionId": "from-the-athena-api"}'
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_address[1], calls
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def aws(tmp_path_factory, athena):
    """(laptop, process): the emulator with one function behind an HTTP API."""
    home = tmp_path_factory.mktemp("emulator")
    laptop = new_laptop(home)
    object.__setattr__(laptop, "athena_port", athena[0])
    process = emulator.emulator(laptop)
    process.start()
    process.wait()
    (home / "handler.py").write_text(HANDLER)
    program = (
        f"#!/bin/sh\ncd {home}\nexport PYTHONPATH={home}:{ROOT}\n"
        f'exec {sys.executable} -m infra.local.child awslambdaric "$_HANDLER"\n'
    )
    function = client(laptop, "lambda").create_function(
        FunctionName="echo",
        Runtime="provided.al2023",
        Role="arn:aws:iam::123456789012:role/any",
        Handler="handler.handler",
        Code={"ZipFile": archive(program)},
        Timeout=20,
    )
    gateway = client(laptop, "apigatewayv2")
    api = gateway.create_api(Name="hub", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    yield laptop, process
    process.stop()


def client(laptop, service: str):
    return boto3.client(
        service,
        endpoint_url=laptop.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="x",
    )


def saved(laptop, service: str, text: str) -> bool:
    state = laptop.state / f"aws/{service}.json"
    return state.exists() and text in state.read_text()


def get(url: str, data: bytes | None = None, **headers: str):
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=40) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.mark.parametrize(
    "path", ["/", "/health", "/v2/x", "/logout", "/oauth2/authorize", "/_ministack/health", "/iceberg/x"]
)
def test_the_front_door_serves_the_api_even_where_the_emulator_has_paths_of_its_own(aws, path):
    status, _, body = get(aws[0].console.rstrip("/") + path + "?a=1&a=2")
    assert status == 200
    assert json.loads(body)["path"] == path
    assert json.loads(body)["query"] == {"a": "1,2"}


def test_cookies_arrive_and_leave_as_on_aws(aws):
    status, headers, body = get(aws[0].console + "cookies", Cookie="x=1; y=2")
    assert (status, json.loads(body)) == (200, ["x=1", "y=2"])
    assert headers.get_all("set-cookie") == ["a=1; Secure", "b=2"]
    assert json.loads(get(aws[0].console, Cookie="x=1")[2])["header"] is None


def test_a_functions_error_stays_inside(aws):
    status, _, body = get(aws[0].console + "raise")
    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})


def test_binary_answers_arrive_as_bytes(aws):
    assert get(aws[0].console + "binary")[2] == bytes(range(256))


def test_bodies_over_lambdas_limit_are_refused_in_both_directions(aws):
    assert get(aws[0].console, b"x" * (6 * 2**20 + 1), **{"Content-Type": "text/plain"})[0] == 413
    assert get(aws[0].console + "large")[0] == 500


def test_another_host_name_is_sent_to_the_hubs_address(aws):
    address = f"http://localhost:{aws[0].console_port}/x"
    status, headers, _ = get(address)
    assert (status, headers["location"]) == (307, aws[0].console + "x")


def test_athena_calls_reach_the_athena_api(aws, athena):
    started = client(aws[0], "athena").start_query_execution(QueryString="SELECT 1", WorkGroup="w")
    assert started["QueryExecutionId"] == "from-the-athena-api"
    assert ("AmazonAthena.StartQueryExecution", "SELECT 1") in [(t, b.get("QueryString")) for t, b in athena[1]]


def test_work_groups_of_cloudformation_reach_the_athena_api_and_leave_it(aws, athena):
    cloudformation = client(aws[0], "cloudformation")
    group = {"Name": "g", "WorkGroupConfiguration": {"EnforceWorkGroupConfiguration": True}}
    template = {"Resources": {"G": {"Type": "AWS::Athena::WorkGroup", "Properties": group}}}
    cloudformation.create_stack(StackName="groups", TemplateBody=json.dumps(template))
    wait_until(lambda: any(t.endswith(".PutWorkGroup") for t, _ in athena[1]), 20, "PutWorkGroup")
    put = next(body for target, body in athena[1] if target.endswith(".PutWorkGroup"))
    assert put["Name"] == "g" and put["Configuration"]["EnforceWorkGroupConfiguration"] is True
    cloudformation.delete_stack(StackName="groups")
    wait_until(lambda: any(t.endswith(".DeleteWorkGroup") for t, _ in athena[1]), 20, "DeleteWorkGroup")


def test_queues_wait_while_the_ledgers_are_settled(aws):
    laptop, _ = aws
    sqs, functions = client(laptop, "sqs"), client(laptop, "lambda")
    queue = sqs.create_queue(QueueName="held")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    emulator.hold_file(laptop).touch()
    mapping = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="echo")["UUID"]
    sqs.send_message(QueueUrl=queue, MessageBody="{}")

    def waiting() -> dict:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]

    looks = [waiting()["ApproximateNumberOfMessages"] for _ in range(200)]
    assert set(looks) == {"1"}
    emulator.hold_file(laptop).unlink()
    wait_until(lambda: waiting()["ApproximateNumberOfMessages"] == "0", 20, "the message is taken")
    functions.delete_event_source_mapping(UUID=mapping)


def test_what_is_older_than_the_autosave_outlives_a_kill(aws):
    laptop, process = aws
    ssm = client(laptop, "ssm")
    ssm.put_parameter(Name="/kept", Value="yes", Type="SecureString")
    wait_until(lambda: all(saved(laptop, *what) for what in KEPT), 15, "the autosave")  # one service after the other
    os.kill(process.handle.pid, signal.SIGKILL)
    process.handle.wait()
    process.start()
    process.wait()
    assert client(laptop, "ssm").get_parameter(Name="/kept", WithDecryption=True)["Parameter"]["Value"] == "yes"
    assert json.loads(get(laptop.console)[2])["path"] == "/", "the API is there too"


def test_a_child_ends_with_the_process_that_started_it(aws, tmp_path):
    laptop, process = aws
    assert get(laptop.console)[0] == 200
    workers = psutil.Process(process.handle.pid).children(recursive=True)
    assert workers, "the function has a process"
    os.kill(process.handle.pid, signal.SIGKILL)
    process.handle.wait()
    wait_until(lambda: not any(w.is_running() for w in workers), 15, "the function's process ends")
    assert not answers(laptop.endpoint)
    process.start()
    process.wait()
