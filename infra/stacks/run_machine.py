"""The run as a state machine (ASL, JSONPath): plan, waves of statements, release, profiles, maintenance.

Loops are bounded by counters that the functions return, so that the bound holds wherever the machine runs.
Each statement is a child execution (distributed map), so that polls do not fill the run's own history.
"""

from typing import Any

MOST_POLLS = 200
MOST_PORTIONS = 1000
AT_ONCE = 5
LAMBDA_TROUBLE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]

State = dict[str, Any]


def definition() -> State:
    """The whole machine; ${plan}, ${statement}, ${release} and ${profile} stand for the functions' ARNs."""
    work = {"Variable": "$.work", "BooleanEquals": True, "Next": "Waves"}
    return {
        "Comment": "Build past the current release; readers see the result only when its checks hold.",
        "StartAt": "Plan",
        "States": {
            "Plan": _task("plan", {"Next": "IsThereWork"}),
            "IsThereWork": {"Type": "Choice", "Choices": [work], "Default": "NothingToDo"},
            "NothingToDo": {"Type": "Succeed"},
            "Waves": _waves("$.waves", then="Release"),
            "Release": _task("release", _step("release", "Profiles"), ResultPath="$.release"),
            **_profiles(then="Maintain"),
            "Maintain": _waves("$.release.maintenance", then="Finish"),
            "Finish": _task("release", _step("finish", None), ResultPath=None),
            "MarkFailed": _task(
                "release",
                {"Next": "Failed"},
                Parameters={"action": "fail", "run_id.$": "$.run_id", "error.$": "$.error"},
                ResultPath=None,
            ),
            "Failed": {"Type": "Fail", "Error": "RunFailed", "Cause": "The run's own record says why"},
        },
    }


def _task(function: str, more: State, **fields: object) -> State:
    """Call a function. What Lambda itself fails at is tried again; what the function raises is not."""
    retry = {"ErrorEquals": LAMBDA_TROUBLE, "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 4}
    return {"Type": "Task", "Resource": f"${{{function}}}", "Retry": [retry], **more, **fields}


def _step(action: str, then: str | None) -> State:
    """An action of the release function on this run; a failure marks the run failed."""
    parameters = {"action": action, "run_id.$": "$.run_id"}
    return {"Parameters": parameters, **({"Next": then} if then else {"End": True}), **_or_fail()}


def _or_fail() -> State:
    return {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "MarkFailed"}]}


def _waves(path: str, then: str) -> State:
    """The waves at `path` one after the other; the statements of a wave together."""
    return {
        "Type": "Map",
        "ItemsPath": path,
        "MaxConcurrency": 1,
        "ItemSelector": {"run_id.$": "$.run_id", "statements.$": "$$.Map.Item.Value.statements"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Wave",
            "States": {"Wave": _wave()},
        },
        "ResultPath": None,
        "Next": then,
        **_or_fail(),
    }


def _wave() -> State:
    """Each statement starts, then is asked again after the wait that it asks for, until it has succeeded."""
    start = {"action": "start", "run_id.$": "$.run_id", "statement.$": "$.statement"}
    poll = {"action": "poll", "run_id.$": "$.run_id", "statement.$": "$.statement", "query.$": "$.query"}
    succeeded = {"Variable": "$.query.state", "StringEquals": "succeeded", "Next": "Succeeded"}
    too_often = {"Variable": "$.query.polls", "NumericGreaterThan": MOST_POLLS, "Next": "TooLong"}
    return {
        "Type": "Map",
        "ItemsPath": "$.statements",
        "MaxConcurrency": AT_ONCE,
        "ItemSelector": {"run_id.$": "$.run_id", "statement.$": "$$.Map.Item.Value"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Start",
            "States": {
                "Start": _task("statement", {"Next": "HasSucceeded"}, Parameters=start, ResultPath="$.query"),
                "HasSucceeded": {"Type": "Choice", "Choices": [succeeded, too_often], "Default": "Pause"},
                "Pause": {"Type": "Wait", "SecondsPath": "$.query.wait", "Next": "Poll"},
                "Poll": _task("statement", {"Next": "HasSucceeded"}, Parameters=poll, ResultPath="$.query"),
                "TooLong": {"Type": "Fail", "Error": "StatementTooLong", "Cause": f"No end after {MOST_POLLS} polls"},
                "Succeeded": {"Type": "Succeed"},
            },
        },
        "ResultPath": None,
        "End": True,
    }


def _profiles(then: str) -> dict[str, State]:
    """Load the changed profiles, a portion at a time."""
    load = {"run_id.$": "$.run_id", "progress.$": "$.progress"}
    done = {"Variable": "$.progress.done", "BooleanEquals": True, "Next": then}
    too_often = {"Variable": "$.progress.portion", "NumericGreaterThan": MOST_PORTIONS, "Next": "TooManyPortions"}
    return {
        "Profiles": {"Type": "Pass", "Result": {}, "ResultPath": "$.progress", "Next": "LoadProfiles"},
        "LoadProfiles": _task(
            "profile", {"Next": "AreProfilesLoaded", **_or_fail()}, Parameters=load, ResultPath="$.progress"
        ),
        "AreProfilesLoaded": {"Type": "Choice", "Choices": [done, too_often], "Default": "LoadProfiles"},
        "TooManyPortions": {
            "Type": "Pass",
            "Result": {"Error": "TooManyPortions", "Cause": f"Profiles were not loaded after {MOST_PORTIONS} portions"},
            "ResultPath": "$.error",
            "Next": "MarkFailed",
        },
    }
