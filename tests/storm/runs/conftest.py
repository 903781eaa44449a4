from tests.sql.conftest import make_lake  # noqa: F401 - the same hub as the SQL tests use
