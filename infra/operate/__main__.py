"""What an operator does to a stage: `python -m infra.operate <verb>`, called by make with HUB and STAGE set."""

import argparse
import getpass
import json
import os
import sys
from pathlib import Path

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from hub import config
from hub.errors import ConfigError
from infra.operate import cdk, kit
from infra.operate.changes import kept, replaced
from infra.operate.keys import ensure_keys, put_secret
from infra.operate.moving.arriving import import_hub
from infra.operate.moving.keys import take_over
from infra.operate.moving.leaving import export_hub
from infra.operate.moving.place import place
from infra.operate.moving.stores import KEYS, of_stage
from infra.operate.people import first_admin
from infra.operate.size import advise, misplaced
from infra.operate.smoke import smoke
from infra.operate.stage import STACKS, OperateError, Stage


def synth(hub: str, stage: Stage) -> None:
    """Write the templates to cdk.out; findings of CloudFormation's validator are an error."""
    if findings := cdk.synth(hub, stage.name):
        raise OperateError("CloudFormation's validator finds:\n" + "\n".join(findings))
    print(f"cdk.out holds the templates of {stage.name}; CloudFormation's validator finds nothing")


def guard(stage: Stage) -> None:
    """OperateError if what is in cdk.out would replace or drop something that holds data."""
    problems = []
    for part in STACKS:
        deployed = stage.template(part)
        new = json.loads((cdk.OUT / f"{part.capitalize()}.template.json").read_text())
        problems += [f"{stage.stack(part)}: {problem}" for problem in replaced(deployed or {}, new)]
    if problems:
        raise OperateError("refused, data would be left behind:\n" + "\n".join(problems))


def diff(hub: str, stage: Stage) -> None:
    boto3.client("sts").get_caller_identity()  # synthesis takes its time; say at once that nobody is signed in
    synth(hub, stage)
    cdk.run(hub, stage.name, "diff")
    guard(stage)
    print("no table, bucket, key, database or user pool would be replaced")


def deploy(hub: str, stage: Stage) -> None:
    """Deploy what diff allows; then make the keys that the functions need and the sender's identity."""
    region = boto3.client("sts").meta.region_name
    if problem := misplaced(config.load(hub).hub.residency, region):
        raise OperateError(problem)
    boto3.client("sts").get_caller_identity()
    synth(hub, stage)
    guard(stage)
    cdk.run(hub, stage.name, "deploy", "--all", "--require-approval", "broadening")
    for name in ensure_keys(stage.name):
        print(f"made {name}")
    sender = config.load(hub).hub.senders.email
    if sender:
        print(ensure_sender(sender))
    print(f"the hub is at {stage.outputs['PublicUrl']}")


def ensure_sender(address: str) -> str:
    """Ask SES to verify the sender unless it knows it; the identity is the account's, not one stage's."""
    try:
        boto3.client("sesv2").create_email_identity(EmailIdentity=address)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AlreadyExistsException":
            raise
        return f"SES knows {address}"
    return f"SES mails a link to {address}; open it before the first campaign"


def secret(hub: str, stage: Stage, name: str) -> None:
    value = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.read()
    if name in KEYS:
        print(take_over(stage, of_stage(stage), name, value))
    else:
        print(put_secret(stage, config.load(hub), name, value))


def drop(hub: str, stage: Stage, source: str, file: Path) -> None:
    """Put a file where the files source `source` of the deployment folder looks for new ones."""
    files = {name: each for name, each in config.load(hub).sources.items() if each.connector == "files"}
    known = files.get(source)
    if known is None:
        raise OperateError(
            f"{hub} has no files source {source!r}; say SOURCE={' or '.join(files) or '<one that it has>'}"
        )
    if not file.is_file():
        raise OperateError(f"there is no file {str(file)!r}; say FILE=<its path>")
    location = known.connection.location or f"s3://{stage.settings['VAULT_BUCKET']}/drop/{source}/"
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    boto3.client("s3").upload_file(str(file), bucket, prefix + file.name)
    print(f"{file.name} lies in {location}; the next pull of {source} reads it")


def staying(stage: Stage) -> list[str]:
    """Lines that name each thing which stays when the stage is destroyed."""
    lines = []
    for part in STACKS:
        template = stage.template(part)
        if template:
            ids = stage.physical(part)
            lines += [f"{kind:24} {ids.get(name, name)}" for name, kind in kept(template)]
    return lines


def destroy(hub: str, stage: Stage) -> None:
    """Delete the stacks after the stage's name was typed; what holds data stays and is named."""
    lines = staying(stage)
    if not lines:
        raise OperateError(f"stage {stage.name!r} is not deployed here")
    print("These stay, with all their data; delete them by hand if you mean to:\n" + "\n".join(lines))
    try:
        typed = input(f"Type {stage.name} to destroy the rest: ")
    except EOFError:
        typed = ""
    if typed != stage.name:
        raise OperateError(f"\nnothing was destroyed: {stage.name} was not typed")
    synth(hub, stage)
    cdk.run(hub, stage.name, "destroy", "--all", "--force")


def credentials(stage: Stage) -> tuple[str, str]:
    """Who runs the smoke test: HUB_USERNAME and HUB_PASSWORD, or the laptop's admin."""
    given = os.environ.get("HUB_USERNAME"), os.environ.get("HUB_PASSWORD")
    if given[0] and given[1]:
        return given[0], given[1]
    file = cdk.ROOT / ".local/credentials.json"
    if stage.name == "local" and file.exists():
        admin = json.loads(file.read_text())["admin"]
        return admin["username"], admin["password"]
    raise OperateError("set HUB_USERNAME and HUB_PASSWORD to an admin's")


def reach_laptop() -> None:
    """Point this process at the laptop's AWS; a caller's own endpoint wins."""
    from infra.local.laptop import Laptop

    port = os.environ.get("EMULATOR_PORT", "")
    laptop = Laptop(emulator_port=int(port)) if port.isdigit() else Laptop()
    for name, value in laptop.aws.items():
        os.environ.setdefault(name, value)


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.operate", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("synth", "diff", "deploy", "destroy", "smoke"):
        verbs.add_parser(verb)
    verbs.add_parser("first-admin").add_argument("email")
    verbs.add_parser("secret").add_argument("name")
    made = verbs.add_parser("new-source")
    made.add_argument("source")
    made.add_argument("kind")
    verbs.add_parser("check-source").add_argument("source")
    verbs.add_parser("export-hub").add_argument("to")
    verbs.add_parser("import-hub").add_argument("from_")
    tried = verbs.add_parser("try-source")
    tried.add_argument("source")
    tried.add_argument("rows", type=int, choices=range(1, 10_001), metavar="ROWS from 1 to 10000")
    sized = verbs.add_parser("size")
    sized.add_argument("profiles", type=int)
    sized.add_argument("users", type=int)
    sized.add_argument("region")
    sized.add_argument("attributes", type=int)
    dropped = verbs.add_parser("drop")
    dropped.add_argument("source")
    dropped.add_argument("file", type=Path)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    given = parsed(arguments)
    hub, name = os.environ.get("HUB", "deployments/demo"), os.environ.get("STAGE", "dev")
    if name == "local":
        reach_laptop()
    try:
        stage = Stage(name)
        match given.verb:
            case "first-admin":
                print(first_admin(stage, given.email))
            case "secret":
                secret(str(Path(hub)), stage, given.name)
            case "drop":
                drop(str(Path(hub)), stage, given.source, given.file)
            case "new-source":
                kit.new_source(hub, given.source, given.kind, print)
            case "check-source":
                kit.check_source(hub, given.source, print)
            case "try-source":
                kit.try_source(hub, given.source, given.rows, lambda: stage.settings["VAULT_BUCKET"], print)
            case "size":
                print("\n".join(advise(given.profiles, given.users, given.region, given.attributes).lines()))
            case "export-hub":
                where = place(given.to)
                export_hub(of_stage(stage), Path(hub), where, print)
            case "import-hub":
                where = place(given.from_)
                import_hub(of_stage(stage), Path(hub), where, print)
            case "smoke":
                smoke(stage, *credentials(stage), say=print)
            case verb:
                {"synth": synth, "diff": diff, "deploy": deploy, "destroy": destroy}[verb](hub, stage)
    except (OperateError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    except (NoRegionError, NoCredentialsError) as error:
        print(
            f"{error} Sign in to AWS first: AWS_PROFILE, or AWS_ACCESS_KEY_ID with its secret, and AWS_REGION",
            file=sys.stderr,
        )
        return 1
    except EndpointConnectionError as error:
        hint = "is `make run` running, and on these ports? (EMULATOR_PORT=)" if name == "local" else "check AWS_REGION"
        print(f"{error}; {hint}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refuses: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
