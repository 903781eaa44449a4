"""Trino SQL as Athena speaks it: parsed by Trino's own rules, typed as Trino types it, written as DuckDB SQL.

Only functions, operators and constructs whose Trino meaning is known here are written; everything else is refused.
"""
