from tests.sql.conftest import make_lake, make_shared_lake  # noqa: F401 - the same hub as the SQL tests use
