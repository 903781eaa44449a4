"""cdk-nag's AwsSolutions and Serverless packs: no finding but the accepted ones, and no acceptance that is stale."""

import re

import pytest
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

# (finding, path of the construct, why it is right); both are patterns of the whole text
ACCEPTED = [
    (r"AwsSolutions-APIG4", r"Api/Route-.*", "public routes, each with its reason in test_functions.PUBLIC"),
    (
        r"AwsSolutions-COG2",
        r"Access/Users/.*",
        "a second factor is each user's choice; an organisation's rule may demand it",
    ),
    (
        r"AwsSolutions-COG8",
        r"Access/Users/.*",
        "threat protection costs per user and month; the hub has its own lock-out",
    ),
    (
        r"AwsSolutions-IAM5\[Resource::\*\]",
        r".*/Function-\w+/Role/DefaultPolicy/.*",
        "X-Ray knows no narrower resource",
    ),
    (r"AwsSolutions-IAM5\[Resource::\*\]", r"Transform/RunMay/.*", "X-Ray and log delivery know no narrower resource"),
    (r"AwsSolutions-IAM5\[Resource::arn:.*:glue:.*:table/test_\w+/\*\]", r".*", "all tables of one zone of this stage"),
    (
        r"AwsSolutions-IAM5\[Resource::arn:.*:ses:.*:identity/\*\]",
        r"Campaigns/Function-send/.*|Api/Function-verifications/.*",
        "the senders of hub.yaml and, in SES's sandbox, the recipients are identities",
    ),
    (r"AwsSolutions-IAM5\[Resource::.*Bucket\w+/[a-z_/*]+/\*\]", r".*/Function-\w+/.*", "objects under one prefix"),
    (
        r"AwsSolutions-L1|Serverless-LambdaLatestVersion",
        r".*/Function-\w+/.*",
        "3.13 is the newest that is tested here",
    ),
    (r"AwsSolutions-SQS3|Serverless-SQSRedrivePolicy", r".*/DeadLetters-[\w-]+/.*", "it is a dead-letter queue"),
    (r"Serverless-LambdaDLQ", r".*/Function-\w+/.*", "the queue, the caller or the failure destination has it"),
    (r"Serverless-LambdaEventSourceMappingDestination", r".*/Feed/.*", "the queue has a dead-letter queue"),
    (r"Serverless-SNSRedrivePolicy", r"Storage/Alarms/.*", "mail to the operators cannot be redriven"),
]


@pytest.fixture(scope="module")
def found(app) -> set[tuple[str, str]]:
    """(finding, path) of everything that the packs have to say."""
    packs = (AwsSolutionsChecks(app[0]), ServerlessChecks(app[0]))
    return {
        (violation.rule_name, resource.construct_path)
        for pack in packs
        for violation in pack.validate_scope(app[0]).violations
        for resource in violation.violating_resources
    }


def accepts(acceptance: tuple[str, str, str], finding: tuple[str, str]) -> bool:
    return all(re.fullmatch(pattern, text) for pattern, text in zip(acceptance[:2], finding, strict=True))


def test_no_finding_is_unaccepted(found):
    assert found, "the packs found nothing at all: are they run?"
    assert sorted(f for f in found if not any(accepts(a, f) for a in ACCEPTED)) == []


@pytest.mark.parametrize("acceptance", ACCEPTED, ids=lambda a: a[0])
def test_no_acceptance_is_stale(found, acceptance):
    assert any(accepts(acceptance, finding) for finding in found)
