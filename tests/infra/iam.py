"""IAM for moto, which itself checks resources for S3 alone: each call is judged by a policy before it is made."""

import fnmatch
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT, REGION = "123456789012", "eu-west-1"
S3_ACTIONS = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListObjectsV2": "ListBucket",
    "ListObjects": "ListBucket",
    "HeadBucket": "ListBucket",
}
SERVICES = {"stepfunctions": "states", "sesv2": "ses"}
Call = tuple[str, str, dict[str, str]]  # action, resource, condition keys


def regional(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def calls(service: str, operation: str, params: dict[str, Any]) -> list[Call]:
    """What a boto3 call asks IAM for; NotImplementedError for a service that no test has needed so far."""
    action = f"{SERVICES.get(service, service)}:{operation}"
    match service:
        case "s3":
            return _s3(operation, params)
        case "dynamodb":
            return _dynamodb(operation, params)
        case "sqs":
            name = params["QueueUrl"].rpartition("/")[2]
            return [(action.replace("MessageBatch", "Message"), regional("sqs", name), {})]
        case "ssm":
            return [(action, regional("ssm", f"parameter{params['Name']}"), {})]
        case "glue":
            database = params.get("DatabaseName") or params["Name"]
            table = f"table/{database}/{params.get('TableName', 'x')}"
            parts = ["catalog", f"database/{database}"] + ([table] if operation != "GetDatabase" else [])
            return [(action, regional("glue", part), {}) for part in parts]
        case "events":
            return [
                (action, regional("events", f"event-bus/{entry['EventBusName']}"), {}) for entry in params["Entries"]
            ]
        case "stepfunctions":
            return [(action, params["stateMachineArn"], {})]
        case "kms":
            return [(action, params.get("KeyId", "*"), {})]
        case "athena":
            return [(action, regional("athena", f"workgroup/{params.get('WorkGroup', '*')}"), {})]
        case "lambda":
            return [("lambda:InvokeFunction", regional("lambda", f"function:{params['FunctionName']}"), {})]
        case "cognito-idp":
            return [(action, regional("cognito-idp", f"userpool/{params['UserPoolId']}"), {})]
        case "sesv2":
            return [(action, regional("ses", f"identity/{params['FromEmailAddress'].rpartition('<')[2]}"), {})]
    raise NotImplementedError(f"tests/infra/iam.py does not know {service}:{operation}")


def _s3(operation: str, params: dict[str, Any]) -> list[Call]:
    bucket, action = f"arn:aws:s3:::{params['Bucket']}", f"s3:{S3_ACTIONS.get(operation, operation)}"
    if action in {"s3:ListBucket", "s3:GetBucketLocation"}:
        return [(action, bucket, {"s3:prefix": params.get("Prefix", "")})]
    if operation == "DeleteObjects":
        return [("s3:DeleteObject", f"{bucket}/{item['Key']}", {}) for item in params["Delete"]["Objects"]]
    return [(action, f"{bucket}/{params['Key']}", {})]


def _dynamodb(operation: str, params: dict[str, Any]) -> list[Call]:
    def table(name: str, index: str | None = None) -> str:
        return regional("dynamodb", f"table/{name}" + (f"/index/{index}" if index else ""))

    if operation in {"TransactWriteItems", "TransactGetItems"}:
        asked = [(kind, part["TableName"]) for item in params["TransactItems"] for kind, part in item.items()]
        return [(f"dynamodb:{kind.removesuffix('Item')}Item", table(name), {}) for kind, name in asked]
    if operation.startswith("Batch"):
        return [(f"dynamodb:{operation}", table(name), {}) for name in params["RequestItems"]]
    return [(f"dynamodb:{operation}", table(params["TableName"], params.get("IndexName")), {})]


def allowed(statements: list[dict[str, Any]], call: Call) -> bool:
    """Whether a statement allows the call; KMS's own conditions are taken as met."""
    action, resource, keys = call
    return any(
        statement["Effect"] == "Allow"
        and _any(statement["Action"], action)
        and _any(statement["Resource"], resource)
        and all(_any(patterns, keys[key]) for key, patterns in _patterns(statement) if key in keys)
        for statement in statements
    )


def _patterns(statement: dict[str, Any]) -> list[tuple[str, Any]]:
    return [item for block in statement.get("Condition", {}).values() for item in block.items()]


def _any(patterns: object, text: str) -> bool:
    listed = patterns if isinstance(patterns, list) else [patterns]
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in listed)


def enforce(session: Any, statements: list[dict[str, Any]]) -> None:
    """Make every client of the session refuse what the statements do not allow, with AWS's error."""

    def judge(params: dict[str, Any], model: Any, **_: object) -> None:
        for call in calls(model.service_model.service_name, model.name, params):
            if not allowed(statements, call):
                message = f"not authorized to perform: {call[0]} on resource: {call[1]}"
                raise ClientError(
                    {
                        "Error": {"Code": "AccessDeniedException", "Message": message},
                        "ResponseMetadata": {"HTTPStatusCode": 403},
                    },
                    model.name,
                )

    session.events.register("provide-client-params", judge)
