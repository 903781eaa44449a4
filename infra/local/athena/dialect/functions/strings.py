"""Text: strings, regular expressions, URLs."""

from __future__ import annotations

import re

from infra.local.athena.dialect.registry import Match, define
from infra.local.athena.dialect.typed import failed, text
from infra.local.athena.dialect.types import UNBOUNDED, Type, array, varchar

_SHARED_REGEX = re.compile(  # what RE2 finds in a text exactly where Java does
    r"\^?(?:(?:[A-Za-z0-9 _@#%&=:;,<>!~'\"/-]|\\[dw.+*?()|^$/-]"
    r"|\[\^?(?:[A-Za-z0-9 _@#%&=:;,<>!~'\"/.+*?()$|{}-]|\\[dw.-])+\])"
    r"(?:[+*?]|\{\d{1,3}(?:,\d{0,3})?\})?)*\$?"
)
_PLAIN_REGEX = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _@#%&=:;,<>!~'\"/-")


def _nulls(match: Match, made: str) -> str:
    tests = " OR ".join(f"{a.sql} IS NULL" for a in match.args)
    return f"CASE WHEN {tests} THEN NULL ELSE {made} END"


def _substr(match: Match) -> str:
    start = match.args[1]
    rest = [a.sql for a in match.args[2:]]
    length = f", greatest({rest[0]}, 0)" if rest else ""
    if isinstance(start.const, int) and start.const > 0:
        return f"substr({match[0]}, {start.sql}{length})"
    at = f"CASE WHEN {start.sql} > 0 THEN {start.sql} ELSE length({match[0]}) + {start.sql} + 1 END"
    made = (
        f"CASE WHEN {start.sql} = 0 OR {start.sql} < -length({match[0]}) THEN '' "
        f"ELSE substr({match[0]}, {at}{length}) END"
    )
    return _nulls(match, made)


def _replace(match: Match) -> str:
    args = [a.sql for a in match.args] + ["''"] * (3 - len(match.args))
    native = isinstance(match.args[1].const, str) and match.args[1].const != ""
    return f"{'replace' if native else 'trino_replace'}({', '.join(args)})"


def _replaced(kinds: list[Type]) -> Type:
    x, z = kinds[0].size, kinds[2].size
    return varchar(None if x is None or z is None else min(UNBOUNDED, x + z * (x + 1)))


def _split(match: Match) -> str:
    if match.args[1].const == "":
        raise failed("INVALID_FUNCTION_ARGUMENT", match.where, "The delimiter may not be the empty string")
    if len(match.args) == 2 and isinstance(match.args[1].const, str):
        return f"string_split({match[0]}, {match[1]})"
    return f"trino_split({match[0]}, {match[1]}, {match[2] if len(match.args) > 2 else UNBOUNDED})"


def _concat(match: Match) -> str:
    if len(match.args) < 2:
        raise failed("INVALID_FUNCTION_ARGUMENT", match.where, "There must be two or more concatenation arguments")
    return "(" + " || ".join(a.sql for a in match.args) + ")"


def is_plain_regex(pattern: object) -> bool:
    """Whether RE2 and Java surely agree: letters, digits and ASCII character classes with simple quantifiers."""
    if not isinstance(pattern, str):
        return False
    at, body = 0, pattern.removeprefix("^")
    while at < len(body):
        if body[at] == "[":
            end = body.find("]", at + 1)
            inside = body[at + 1 : end].removeprefix("^")
            if end < 0 or not inside or not all(c in _PLAIN_REGEX or c in ".+*()?$|{}" for c in inside):
                return False
            at = end + 1
        elif body[at] in _PLAIN_REGEX:
            at += 1
        else:
            return False
        if at < len(body) and body[at] in "+*?":
            at += 1
            if at < len(body) and body[at] in "+*?{":
                return False
    return True


def _regexp_like(match: Match) -> str:
    pattern = match.args[1].const
    if isinstance(pattern, str) and _SHARED_REGEX.fullmatch(pattern):
        shared = re.sub(r"(?<!\\)\$$", r"\\n?\\z", pattern)  # Java's $ also stands before a last line feed
        return f"regexp_matches({match[0]}, {text(shared)})"
    return f"trino_regexp_like({match[0]}, {match[1]})"


def _regexp_extract(match: Match) -> str:
    if len(match.args) == 2 and is_plain_regex(match.args[1].const):
        return f"CASE WHEN regexp_matches({match[0]}, {match[1]}) THEN regexp_extract({match[0]}, {match[1]}) END"
    group = match[2] if len(match.args) > 2 else "0"
    return f"trino_regexp_extract({match[0]}, {match[1]}, {group})"


def _regexp_replace(match: Match) -> str:
    replacement = match.args[2] if len(match.args) > 2 else None
    plain = replacement is None or (isinstance(replacement.const, str) and not set(replacement.const) & set("$\\"))
    pattern = match.args[1].const
    native = plain and is_plain_regex(pattern) and not _matches_empty(pattern)
    made = replacement.sql if replacement else "''"
    if native:
        return f"regexp_replace({match[0]}, {match[1]}, {made}, 'g')"
    return f"trino_regexp_replace({match[0]}, {match[1]}, {made})"


def _matches_empty(pattern: str) -> bool:
    return any(c in pattern for c in "*?") or pattern in ("", "^")


def _regexp_replaced(kinds: list[Type]) -> Type:
    x, y = kinds[0].size, kinds[2].size
    return varchar(None if x is None or y is None else min(UNBOUNDED, x + max(x * y // 2, y) * (x + 1)))


def _regexp_lambda(match: Match) -> str:
    """Each match becomes what the lambda makes of its groups; a text without a match is unchanged."""
    pieces = f"trino_regexp_pieces({match[0]}, {match[1]})"
    made = f"list_transform({pieces}.groups, {match[2]})"
    return f"trino_regexp_join({pieces}.between, {made})"


define("length(varchar) => bigint", "length({0})")
define("length(varbinary) => bigint", "octet_length({0})")
define("lower(varchar) => $0", "lower({0})")
define("upper(varchar) => $0", "CASE WHEN contains({0}, 'ß') THEN trino_upper({0}) ELSE upper({0}) END")
define("lower(char) => $0", "lower({0})")
define("upper(char) => $0", "CASE WHEN contains({0}, 'ß') THEN trino_upper({0}) ELSE upper({0}) END")
define("trim(varchar) => $0", "trim({0}, trino_blanks())")
define("ltrim(char) => varchar", "rtrim(ltrim({0}, trino_blanks()), ' ')", returns=lambda k: varchar(k[0].size))
define("ltrim(varchar) => $0", "ltrim({0}, trino_blanks())")
define("rtrim(varchar) => $0", "rtrim({0}, trino_blanks())")
define("trim(varchar, varchar) => $0", "trim({0}, {1})")
define("ltrim(varchar, varchar) => $0", "ltrim({0}, {1})")
define("rtrim(varchar, varchar) => $0", "rtrim({0}, {1})")
define("substr(varchar, bigint) => $0\nsubstr(varchar, bigint, bigint) => $0", _substr)
define("reverse(varchar) => $0", "trino_reverse({0})")
define("replace(varchar, varchar) => $0", _replace)
define("replace(varchar, varchar, varchar) => varchar", _replace, returns=_replaced)
define("strpos(varchar, varchar) => bigint", "strpos({0}, {1})")
define("strpos(varchar, varchar, bigint) => bigint", "trino_strpos({0}, {1}, {2})")
define("split(varchar, varchar) => array(varchar)", _split, returns=lambda k: array(k[0]))
define("split(varchar, varchar, bigint) => array(varchar)", _split, returns=lambda k: array(k[0]))
define("split_part(varchar, varchar, bigint) => $0", "trino_split_part({0}, {1}, {2})")
define("split_to_map(varchar, varchar, varchar) => map(varchar, varchar)", "trino_split_to_map({0}, {1}, {2})")
define("concat(varchar...) => varchar", _concat)
define("concat_ws(varchar, varchar...) => varchar", "concat_ws({args})")
define(
    "concat_ws(varchar, array(varchar)) => varchar",
    "CASE WHEN {0} IS NULL THEN NULL ELSE coalesce(array_to_string({1}, {0}), '') END",
)
define("lpad(varchar, bigint, varchar) => varchar", "trino_pad({0}, {1}, {2}, true)")
define("rpad(varchar, bigint, varchar) => varchar", "trino_pad({0}, {1}, {2}, false)")
define("chr(bigint) => varchar(1)", "chr(CAST({0} AS INTEGER))")
define("codepoint(varchar(1)) => integer", "trino_codepoint({0})")
define("translate(varchar, varchar, varchar) => varchar", "trino_translate({0}, {1}, {2})")
define("starts_with(varchar, varchar) => boolean", "starts_with({0}, {1})")
define(
    "levenshtein_distance(varchar, varchar) => bigint",
    "CASE WHEN strlen({0}) = length({0}) AND strlen({1}) = length({1}) "  # DuckDB's own counts bytes
    "THEN CAST(levenshtein({0}, {1}) AS BIGINT) ELSE trino_levenshtein({0}, {1}) END",
)
define("hamming_distance(varchar, varchar) => bigint", "trino_hamming({0}, {1})")
define("soundex(varchar) => varchar(4)", "trino_soundex({0})")
define("normalize(varchar) => varchar", "trino_normalize({0}, 'NFC')")
define("normalize(varchar, varchar) => varchar", "trino_normalize({0}, {1})")
define("luhn_check(varchar) => boolean", "trino_luhn({0})")
define("to_utf8(varchar) => varbinary", "encode({0})")
define("from_utf8(varbinary) => varchar", "trino_from_utf8({0})")

define("regexp_like(varchar, varchar) => boolean", _regexp_like)
define("regexp_extract(varchar, varchar) => $0", _regexp_extract)
define("regexp_extract(varchar, varchar, bigint) => $0", _regexp_extract)
define(
    "regexp_extract_all(varchar, varchar) => array(varchar)",
    "trino_regexp_extract_all({0}, {1}, 0)",
    returns=lambda k: array(k[0]),
)
define(
    "regexp_extract_all(varchar, varchar, bigint) => array(varchar)",
    "trino_regexp_extract_all({0}, {1}, {2})",
    returns=lambda k: array(k[0]),
)
define("regexp_replace(varchar, varchar) => $0", _regexp_replace)
define("regexp_replace(varchar, varchar, varchar) => varchar", _regexp_replace, returns=_regexp_replaced)
define("regexp_replace(varchar, varchar, array(varchar)->varchar) => varchar", _regexp_lambda)
define(
    "regexp_split(varchar, varchar) => array(varchar)", "trino_regexp_split({0}, {1})", returns=lambda k: array(k[0])
)
define("regexp_position(varchar, varchar) => integer", "trino_regexp_position({0}, {1}, 1, 1)")
define("regexp_position(varchar, varchar, bigint) => integer", "trino_regexp_position({0}, {1}, {2}, 1)")
define("regexp_position(varchar, varchar, bigint, bigint) => integer", "trino_regexp_position({0}, {1}, {2}, {3})")
define("regexp_count(varchar, varchar) => bigint", "len(trino_regexp_extract_all({0}, {1}, 0))")

for _part in ("host", "path", "query", "protocol", "fragment"):
    define(f"url_extract_{_part}(varchar) => $0", f"trino_url_part({{0}}, {text(_part)})")
define("url_extract_port(varchar) => bigint", "CAST(trino_url_part({0}, 'port') AS BIGINT)")
define("url_extract_parameter(varchar, varchar) => $0", "trino_url_parameter({0}, {1})")
define("url_decode(varchar) => $0", "trino_url_decode({0})")
define(
    "url_encode(varchar) => varchar",
    "trino_url_encode({0})",
    returns=lambda k: varchar(None if k[0].size is None else min(UNBOUNDED, k[0].size * 12)),
)
