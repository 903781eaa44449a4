"""Calls to AWS by which a test asks what a role may do, made under that role."""

import boto3


def bucket(cloud, name: str) -> str:
    return cloud.name("Storage", cloud.named("AWS::S3::Bucket", f"Bucket{name}").id)


def table(cloud, name: str) -> str:
    return cloud.name("Storage", cloud.named("AWS::DynamoDB::Table", f"Table{name}").id)


def queue(cloud, name: str) -> str:
    found = cloud.named("AWS::SQS::Queue", f"Queue{name.replace('-', '')}")
    return cloud.ref(found.stack, found.id)


def get(kind: str):
    return lambda cloud: boto3.client("dynamodb").get_item(
        TableName=table(cloud, kind), Key={"pk": {"S": "a"}, "sk": {"S": "b"}}
    )


def put(kind: str):
    return lambda cloud: boto3.client("dynamodb").put_item(
        TableName=table(cloud, kind), Item={"pk": {"S": "a"}, "sk": {"S": "b"}}
    )


def update(kind: str):
    return lambda cloud: boto3.client("dynamodb").update_item(
        TableName=table(cloud, kind), Key={"pk": {"S": "a"}, "sk": {"S": "b"}}, UpdateExpression="REMOVE nothing"
    )


def read(store: str, key: str):
    return lambda cloud: boto3.client("s3").get_object(Bucket=bucket(cloud, store), Key=key)


def write(store: str, key: str):
    return lambda cloud: boto3.client("s3").put_object(Bucket=bucket(cloud, store), Key=key, Body=b"{}")


def listing(store: str, prefix: str):
    return lambda cloud: boto3.client("s3").list_objects_v2(Bucket=bucket(cloud, store), Prefix=prefix)


def enqueue(name: str):
    return lambda cloud: boto3.client("sqs").send_message(QueueUrl=queue(cloud, name), MessageBody="{}")


def receive(name: str):
    return lambda cloud: boto3.client("sqs").receive_message(QueueUrl=queue(cloud, name))


def parameter(name: str):
    return lambda cloud: boto3.client("ssm").get_parameter(Name=f"/hub/test/{name}", WithDecryption=True)


def change_parameter(name: str):
    return lambda cloud: boto3.client("ssm").put_parameter(Name=name, Value="x", Type="SecureString", Overwrite=True)


def databases(zone: str):
    return lambda cloud: boto3.client("glue").get_tables(DatabaseName=f"test_{zone}")


def scan(kind: str):
    return lambda cloud: boto3.client("dynamodb").scan(TableName=table(cloud, kind))
