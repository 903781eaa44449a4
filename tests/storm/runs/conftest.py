from tests.sql.conftest import aws_endpoint, make_lake  # noqa: F401 - the same hub as the SQL tests use
