"""Deploy the hub onto this laptop's AWS and give it what it needs, in a process that ends when that is done.

python -m infra.local.provision everything|resume <start time> <arguments of infra.local>
"""

import os
import sys
import time
from contextlib import suppress

from botocore.exceptions import BotoCoreError

from infra.local import synth
from infra.local.demo import applications
from infra.local.deploy import Deployer
from infra.local.laptop import Laptop, LaptopError, read, say
from infra.local.processes import answers
from infra.local.running import Hub

AWS_READY = 300  # seconds: Trino takes ten alone, and minutes where others want the same cores
FIRST_RELEASE = 300  # seconds, then it is said where to look why; it may come all the same
GIVE_UP = 3600  # seconds, when nobody waits for a first release any more
LOOK_EVERY = 0.5  # seconds


def wait_for_aws(laptop: Laptop) -> None:
    deadline = time.monotonic() + AWS_READY
    while not (answers(f"{laptop.endpoint}/_ministack/health") and answers(laptop.athena_health)):
        if time.monotonic() > deadline:
            raise LaptopError(f"the laptop's AWS is not ready after {AWS_READY} s")
        time.sleep(0.05)


def everything(laptop: Laptop, started: float) -> None:
    assembly, made = synth.synthesise(laptop)
    say(started, "synthesised the CDK app" if made else "the CDK app is as it was")
    wait_for_aws(laptop)
    say(started, f"AWS at {laptop.endpoint}, Athena on {laptop.engine}")
    done = Deployer(laptop).deploy(assembly)
    say(started, f"deployed: {len(done['made'])} stacks made, {len(done['updated'])} updated")
    if done["left_out"]:
        (laptop.home / "logs/left-out.log").write_text("\n".join(done["left_out"]) + "\n")
    hub = Hub(laptop)
    hub.ensure_keys()
    for name in applications.SECRETS:
        hub.ensure_secret(name, applications.token_file(laptop).read_text())
    hub.ensure_sender()
    people = hub.ensure_people()
    if not laptop.empty:
        hub.drop_calls()
    say(started, "keys, secrets, sender and users are in place")
    if hub.resume():
        say(started, "the last run was not stopped in order: what it left half done is settled")
    welcome(laptop, started, people)
    if laptop.empty:
        say(started, "nothing is pulled: fill the hub by make import-hub STAGE=local")
    else:
        first_data(hub, started)


def welcome(laptop: Laptop, started: float, people: dict[str, dict[str, str]]) -> None:
    say(started, f"ready: {laptop.console}")
    print(f"\n  Users (passwords also in {os.path.relpath(laptop.credentials)}):")
    for role, person in people.items():
        print(f"    {role:24} {person['username']:24} {person['password']}")
    print("\n  Ctrl-C stops everything; `make clean` forgets it.\n", flush=True)


def first_data(hub: Hub, started: float) -> None:
    """The first pulls and the run after them; later ones come by schedule."""
    if hub.complete_release():
        return
    say(started, f"asked for the first pull of {hub.pull_everything()} data sets")
    asked = time.monotonic()
    hint = f"no complete release after {FIRST_RELEASE} s: the console's overview says why"
    while (waited := time.monotonic() - asked) < GIVE_UP:
        time.sleep(LOOK_EVERY)
        with suppress(BotoCoreError):  # the emulator may just be started again
            if release := hub.complete_release():
                say(started, f"release {release} is out")
                return
        if hint and waited > FIRST_RELEASE:
            say(started, hint)
            hint = ""


def main(todo: str, started: str, *arguments: str) -> int:
    try:
        laptop, _ = read(list(arguments))
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]  # a profile or key of the user's own must not reach anything here
        os.environ |= laptop.aws
        if todo == "resume":
            wait_for_aws(laptop)
            Hub(laptop).resume()
        else:
            everything(laptop, float(started))
    except LaptopError as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except BotoCoreError as error:
        print(f"make run: the laptop's AWS does not answer ({type(error).__name__})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
