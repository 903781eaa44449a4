"""Composes the stacks of one stage. No look-ups, no credentials: synthesis works offline.

HUB=<deployment folder> STAGE=<stage> python -m infra.app    writes the templates to OUTDIR (default cdk.out)
HUB_VAR_<NAME> overrides the variable NAME of hub.yaml; BUNDLE=0 leaves the layers' packages out.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App, DefaultStackSynthesizer, Tags

from hub.errors import ConfigError
from infra.bundling import ROOT, compile_home
from infra.constructs.hub import Hub
from infra.operate import stage_problem
from infra.stacks.access import Access
from infra.stacks.api import Api
from infra.stacks.campaigns import Campaigns
from infra.stacks.ingest import Ingest
from infra.stacks.operations import Operations
from infra.stacks.storage import Storage
from infra.stacks.transform import Transform


def compose(
    folder: Path,
    stage: str,
    outdir: Path,
    *,
    bundle: bool = True,
    validate: bool = True,
    variables: Mapping[str, str] | None = None,
) -> App:
    """The app of one stage, not yet synthesised; ConfigError if the deployment folder or the stage's name is wrong."""
    if problem := stage_problem(stage):
        raise ConfigError([problem])
    home = outdir.resolve() / "home" / "hub"  # beside the templates, so that two syntheses at once do not meet
    deployment = compile_home(folder, home, variables)
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    if not bundle:
        context["aws:cdk:bundling-stacks"] = []
    app = App(
        outdir=str(outdir),
        context=context,
        analytics_reporting=False,
        builtin_cloud_formation_validation=validate,
        default_stack_synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    hub = Hub(stage, deployment, home.parent, bundle)
    Storage(app, hub)
    access = Access(app, hub)
    Ingest(app, hub)
    Transform(app, hub)
    Campaigns(app, hub)
    Api(app, hub, access)
    Operations(app, hub, access)
    Tags.of(app).add("service", "customer-data-hub")
    Tags.of(app).add("stage", stage)
    return app


def overrides() -> dict[str, str]:
    """The variables of hub.yaml that this environment overrides."""
    return {name.removeprefix("HUB_VAR_"): value for name, value in os.environ.items() if name.startswith("HUB_VAR_")}


def main() -> int:
    try:
        app = compose(
            Path(os.environ.get("HUB", "deployments/demo")),
            os.environ.get("STAGE", "local"),
            Path(os.environ.get("OUTDIR", "cdk.out")),
            bundle=os.environ.get("BUNDLE", "1") != "0",
            validate=os.environ.get("CDK_VALIDATION", "true") != "false",
            variables=overrides(),
        )
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
