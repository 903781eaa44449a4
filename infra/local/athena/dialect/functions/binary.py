"""Bytes: digests and encodings."""

from infra.local.athena.dialect.registry import define

for _digest, _native in (("md5", "unhex(md5({0}))"), ("sha1", "unhex(sha1({0}))"), ("sha256", "unhex(sha256({0}))")):
    define(f"{_digest}(varbinary) => varbinary", _native)
define("sha512(varbinary) => varbinary", "trino_sha512({0})")
for _digest in ("md5", "sha1", "sha256", "sha512"):
    define(f"hmac_{_digest}(varbinary, varbinary) => varbinary", f"trino_hmac({{0}}, {{1}}, '{_digest}')")
define("xxhash64(varbinary) => varbinary", "trino_xxhash64({0})")
define("crc32(varbinary) => bigint", "trino_crc32({0})")
define("to_hex(varbinary) => varchar", "hex({0})")
define("from_hex(varchar) => varbinary", "trino_from_hex({0})")
define("to_base64(varbinary) => varchar", "to_base64({0})")
define("from_base64(varchar) => varbinary", "trino_from_base64({0}, false)")
define("to_base64url(varbinary) => varchar", "replace(replace(to_base64({0}), '+', '-'), '/', '_')")
define("from_base64url(varchar) => varbinary", "trino_from_base64({0}, true)")
define("to_big_endian_64(bigint) => varbinary", "trino_big_endian({0})")
define("reverse(varbinary) => varbinary", "trino_reverse_bytes({0})")
define("concat(varbinary...) => varbinary", lambda match: "(" + " || ".join(a.sql for a in match.args) + ")")
define("uuid() => uuid", "uuid()")
