"""`make match`: the matcher of sql/identity on any file, on DuckDB, with the truth beside it where there is one."""
