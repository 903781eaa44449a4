"""Write the API's document: `python -m hub.api.openapi [functions] [docs/reference/openapi.json]`."""

import importlib.util
import json
import sys
from pathlib import Path

from hub.api.document import document
from hub.api.resolver import Api
from hub.settings import placeholders


def apis(functions: Path) -> dict[str, Api]:
    """The API of each function that has one, by the function's folder. The handlers are imported, never called."""
    found = {}
    for handler in sorted(functions.glob("*/handler.py")):
        if "hub.api" not in handler.read_text():
            continue
        name = f"hub_handler_{handler.parent.name}"
        spec = importlib.util.spec_from_file_location(name, handler)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        with placeholders():
            spec.loader.exec_module(module)
        if isinstance(api := getattr(module, "api", None), Api):
            found[handler.parent.name] = api
    return found


def text(functions: Path) -> str:
    routes = [route for api in apis(functions).values() for route in api.routes]
    return json.dumps(document(routes), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    source, target = (Path(argument) for argument in (sys.argv[1:] or ["functions", "docs/reference/openapi.json"]))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text(source))
