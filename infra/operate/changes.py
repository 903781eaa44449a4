"""What a deployment would do to things that hold data, judged from the deployed and the new template alone."""

from typing import Any

# Types whose replacement or removal would leave the hub with an empty one, and the properties whose change replaces it.
GUARDED: dict[str, tuple[str, ...]] = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::Cognito::UserPool": ("UsernameAttributes", "AliasAttributes", "UsernameConfiguration", "Schema"),
    "AWS::KMS::Key": (),
    "AWS::Glue::Database": ("DatabaseInput.Name",),
}


def replaced(deployed: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Sentences that name each guarded resource which the new template would replace or drop; [] if none."""
    found = []
    after = new.get("Resources", {})
    for name, resource in deployed.get("Resources", {}).items():
        kind = resource["Type"]
        if kind not in GUARDED:
            continue
        if name not in after or after[name]["Type"] != kind:
            found.append(f"{name} ({kind}) would no longer be part of the stack")
            continue
        for path in GUARDED[kind]:
            if _at(resource, path) != _at(after[name], path):
                found.append(f"{name} ({kind}) would be replaced: {path} changes")
    return found


def kept(template: dict[str, Any]) -> list[tuple[str, str]]:
    """(logical id, type) of what stays when the stack is deleted."""
    resources = template.get("Resources", {})
    return [(name, r["Type"]) for name, r in resources.items() if r.get("DeletionPolicy", "").startswith("Retain")]


def _at(resource: dict[str, Any], path: str) -> object:
    value: Any = resource.get("Properties", {})
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
