"""The committed document of the API says what the handlers say."""

import json
from pathlib import Path

from hub.api.openapi import apis, text

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs/reference/openapi.json"


def test_the_committed_document_is_up_to_date():
    assert DOCUMENT.read_text("utf-8") == text(ROOT / "functions"), "run: python -m hub.api.openapi"


def test_every_route_is_in_it_once_with_its_permission():
    document = json.loads(text(ROOT / "functions"))
    said = {
        (method.upper(), path): operation["x-permission"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    routes = [route for api in apis(ROOT / "functions").values() for route in api.routes]
    assert said == {(r.method, r.path.replace("<", "{").replace(">", "}")): r.permission for r in routes}
    assert len(routes) == len(said), "no two functions share a route"


def test_every_reference_leads_somewhere():
    document = json.loads(text(ROOT / "functions"))
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    def references(node):
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            for inner in node.values():
                yield from references(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from references(inner)

    assert set(references(document)) <= known


def test_operation_ids_are_unique():
    document = json.loads(text(ROOT / "functions"))
    ids = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))
