"""IAM for moto, which itself checks resources for S3 alone: each call is judged by a policy before it is made."""

import fnmatch
from typing import Any

from botocore.client import BaseClient
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
    "ListParts": "ListMultipartUploadParts",
}
SERVICES = {"stepfunctions": "states", "sesv2": "ses", "pinpoint-sms-voice-v2": "sms-voice"}
USE_OF_KEYS = {
    "s3:GetObject": ("Decrypt",),
    "s3:PutObject": ("GenerateDataKey", "Decrypt"),
    "sqs:SendMessage": ("GenerateDataKey", "Decrypt"),
    "sqs:ReceiveMessage": ("Decrypt",),
    "ssm:GetParameter": ("Decrypt",),
    "ssm:PutParameter": ("Encrypt",),
}
Call = tuple[str, str, dict[str, str]]  # action, resource, condition keys


def regional(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def calls(service: str, operation: str, params: dict[str, Any], started: dict[str, str]) -> list[Call]:
    """What a boto3 call asks IAM for; NotImplementedError for a service that no test has needed so far.

    started: the work group of each execution that was started so far.
    """
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
            named = params.get("TableName") or params.get("TableInput", params).get("Name", "x")
            parts = ["catalog", f"database/{database}"]
            parts += [f"table/{database}/{named}"] if operation != "GetDatabase" else []
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
            group = params.get("WorkGroup") or started.get(params.get("QueryExecutionId", ""), "*")
            return [(action, regional("athena", f"workgroup/{group}"), {})]
        case "lambda":
            return [("lambda:InvokeFunction", regional("lambda", f"function:{params['FunctionName']}"), {})]
        case "cognito-idp":
            return [(action, regional("cognito-idp", f"userpool/{params['UserPoolId']}"), {})]
        case "sesv2":
            used = [f"identity/{params['FromEmailAddress'].rpartition('<')[2]}"]
            used += [f"configuration-set/{params['ConfigurationSetName']}"] if "ConfigurationSetName" in params else []
            return [(action, regional("ses", resource), {}) for resource in used]
        case "pinpoint-sms-voice-v2":
            return [(action, regional("sms-voice", f"pool/{params['OriginationIdentity']}"), {})]
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
    """Whether a statement allows the call; a condition on a key that the call does not state is taken as met."""
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


def of_keys(call: Call, keys: dict[str, str]) -> list[Call]:
    """What a call asks of the key under which its store is encrypted. keys: the ARN of a key by that of a store."""
    action, resource, _ = call
    service = action.partition(":")[0]
    key = keys.get(resource.partition("/index/")[0] if service == "dynamodb" else resource.partition("/")[0])
    if key is None and service == "ssm":
        key = keys["arn:aws:ssm"]
    if key is None or (action not in USE_OF_KEYS and service != "dynamodb"):
        return []
    through = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
    return [(f"kms:{use}", key, through) for use in USE_OF_KEYS.get(action, ("Decrypt",))]


def refusal(operation: str, call: Call) -> ClientError:
    message = f"not authorized to perform: {call[0]} on resource: {call[1]}"
    told = {"Error": {"Code": "AccessDeniedException", "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(told, operation)  # type: ignore[arg-type]  # the other fields of an answer are nobody's matter


def enforce(patch: Any, statements: list[dict[str, Any]], keys: dict[str, str]) -> None:
    """Make every client, whoever made it, refuse what the statements do not allow, with AWS's error."""
    make = BaseClient._make_api_call
    started: dict[str, str] = {}

    def judged(client: Any, operation: str, params: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        for call in calls(service, operation, params, started):
            for asked in [call, *of_keys(call, keys)]:
                if not allowed(statements, asked):
                    raise refusal(operation, asked)
        answer = make(client, operation, params)
        if operation == "StartQueryExecution":
            started[answer["QueryExecutionId"]] = params.get("WorkGroup", "*")
        return answer

    patch.setattr(BaseClient, "_make_api_call", judged)
