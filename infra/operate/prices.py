"""What AWS charges: eu-west-1, USD, no free tier. The one price table, of the idle price's test and of the advisor."""

from types import MappingProxyType

PER_MONTH = MappingProxyType(  # what costs by being there
    {
        "AWS::KMS::Key": 1.00,
        "AWS::CloudWatch::Alarm": 0.10,
        "AWS::CloudWatch::Dashboard": 3.00,
    }
)
REQUEST = MappingProxyType(
    {
        "lambda": 0.20e-6,
        "sqs": 0.40e-6,
        "kms": 3.0e-6,
        "schedule": 1.0e-6,
        "dynamodb": 0.14e-6,
        "dynamodb write": 0.71e-6,
        "transition": 27.5e-6,
        "listing": 5.0e-6,
        "api": 1.11e-6,
    }
)
GB_SECOND = 0.0000133334  # arm64
METRIC = 0.30
MACHINE_CLIENT = 6.00  # an app client for client credentials
SCANNED_TB = 5.00  # Athena
LEAST_SCANNED = 10 * 1024**2  # bytes that a statement is billed for at least
S3_GB_MONTH = 0.023
DYNAMODB_GB_MONTH = 0.283
# How much dearer a region is, all in all; a rule of thumb from its list prices.
REGIONS = MappingProxyType(
    {
        "eu-west-1": 1.00,
        "eu-west-2": 1.06,
        "eu-central-1": 1.07,
        "eu-north-1": 0.97,
        "us-east-1": 0.95,
        "us-west-2": 0.95,
        "ca-central-1": 1.03,
        "ap-south-1": 1.02,
        "ap-south-2": 1.02,
        "ap-southeast-1": 1.10,
        "ap-southeast-2": 1.11,
        "ap-northeast-1": 1.12,
        "me-central-1": 1.12,
        "af-south-1": 1.25,
        "sa-east-1": 1.45,
    }
)
