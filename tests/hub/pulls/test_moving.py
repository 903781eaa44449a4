"""Pulls go on in a hub that was filled from an export: what the old one read is not read again."""

import boto3

from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, VAULT
from tests.hub.pulls.test_files import CALLS, counted, put, rows
from tests.moved import moved


def in_parts(name, data):
    """A file whose ETag is no hash of its bytes: that of the copy is another one, as under another key it is."""
    s3, given = boto3.client("s3"), {"Bucket": VAULT, "Key": f"drop/calls/{name}"}
    upload = s3.create_multipart_upload(**given)["UploadId"]
    etag = s3.upload_part(**given, UploadId=upload, PartNumber=1, Body=data.encode())["ETag"]
    s3.complete_multipart_upload(**given, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    return s3.head_object(**given)["ETag"]


def test_files_that_the_old_hub_read_are_not_read_again(bench, deployment, tmp_path):
    calls = bench(deployment(calls=manifests.calls(True)))
    was = in_parts("a.csv", rows("a", 25))
    put("b.csv", rows("b", 2))
    assert counted(calls.pull(CALLS)) == ("complete", 27, 27)

    moved(tmp_path / "out", VAULT, [CONTROL])
    assert boto3.client("s3").head_object(Bucket=VAULT, Key="drop/calls/a.csv")["ETag"] != was
    assert counted(calls.pull(CALLS)) == ("complete", 0, 0), "nothing twice"
    put("a.csv", rows("a", 26))
    put("c.csv", rows("c", 1))
    again = calls.pull(CALLS)
    assert counted(again) == ("complete", 27, 27), "what is changed or new"
    assert again.pull_seq == 3, "and pulls are counted on"
