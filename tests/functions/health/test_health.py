"""The one route that anybody may ask at any time."""


def test_it_answers_without_a_token_and_without_a_setting(gateway):
    answer = gateway("health")("GET", "/v1/health", role=None)
    assert (answer.status, answer.body) == (200, {"status": "ok"})
    assert answer.headers["cache-control"] == "no-store"
