"""The words of infra/functions/ for what a function is and may do: sets of actions, a grant on a logical store."""

from dataclasses import dataclass

READ_ITEMS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
WRITE_ITEMS = (
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
)
ITEMS = READ_ITEMS + WRITE_ITEMS
READ_OBJECTS = ("s3:GetObject", "s3:ListBucket")
WRITE_OBJECTS = ("s3:PutObject", "s3:AbortMultipartUpload")
KEEP_OBJECTS = (*READ_OBJECTS, *WRITE_OBJECTS)
OBJECTS = (*KEEP_OBJECTS, "s3:DeleteObject")
ATHENA_OUTPUT = (*READ_OBJECTS, *WRITE_OBJECTS, "s3:GetBucketLocation", "s3:ListMultipartUploadParts")
RUN_QUERIES = (
    "athena:StartQueryExecution",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StopQueryExecution",
    "athena:GetWorkGroup",
)
READ_CATALOGUE = ("glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions")
WRITE_CATALOGUE = ("glue:CreateTable", "glue:UpdateTable")  # nobody may drop a table but in scratch
CONSUME = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
PARAMETER = ("ssm:GetParameter",)

USERS = (
    "cognito-idp:ListUsers",
    "cognito-idp:AdminGetUser",
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminEnableUser",
    "cognito-idp:AdminDisableUser",
    "cognito-idp:AdminListGroupsForUser",
    "cognito-idp:AdminAddUserToGroup",
    "cognito-idp:AdminRemoveUserFromGroup",
    "cognito-idp:AdminUserGlobalSignOut",
)
GROUPS = ("cognito-idp:CreateGroup", "cognito-idp:DeleteGroup", "cognito-idp:ListUsersInGroup")


@dataclass(frozen=True)
class Grant:
    """Leave to do these actions on one logical store."""

    store: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """A method and path of the HTTP API; `public` is reached without a token."""

    method: str
    path: str
    public: bool = False


@dataclass(frozen=True)
class Function:
    """One Lambda. `layer` is a folder of layers/; memory in MB, time-out in seconds; `trigger` says what calls it."""

    does: str
    layer: str
    trigger: str
    settings: tuple[str, ...]
    grants: tuple[Grant, ...]
    routes: tuple[Route, ...] = ()
    memory: int = 512
    timeout: int = 29


REPORT_SQL = (  # what a user's SQL can reach by IAM, whatever the guard lets through
    Grant("workgroup:reports", RUN_QUERIES),
    Grant("glue:reporting", READ_CATALOGUE),
    Grant("reporting/reporting", READ_OBJECTS),
    Grant("results/reports", ATHENA_OUTPUT),
)
TRANSFORM_SQL = (  # a machine that reads persons and facts in bulk: see BULK_READERS
    Grant("workgroup:transform", RUN_QUERIES),
    Grant("vault/scratch", (*ATHENA_OUTPUT, "s3:DeleteObject")),
    Grant("reporting/reporting", READ_OBJECTS),
    Grant("glue:reporting", READ_CATALOGUE),
    Grant("vault/vault", READ_OBJECTS),
    Grant("glue:vault", READ_CATALOGUE),
)
