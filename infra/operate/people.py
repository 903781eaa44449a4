"""The first user of a stage: an admin, who makes all others in the console."""

import re

import boto3
from botocore.exceptions import ClientError

from infra.operate.stage import OperateError, Stage


def first_admin(stage: Stage, email: str) -> str:
    """Make the user, whom the pool mails an invitation; OperateError if there is an admin or the address is none."""
    if not re.fullmatch(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+", email):
        raise OperateError(f"EMAIL={email!r} is not an e-mail address")
    pool, cognito = stage.outputs["UserPoolId"], boto3.client("cognito-idp")
    admins = cognito.list_users_in_group(UserPoolId=pool, GroupName="admin")["Users"]
    if admins:
        names = ", ".join(user["Username"] for user in admins)
        raise OperateError(f"stage {stage.name} has an admin: {names}; further users are made in the console")
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            DesiredDeliveryMediums=["EMAIL"],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "UsernameExistsException":
            raise
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName="admin")
    return f"{email} is the first admin; the invitation with a temporary password is on its way"
