"""All declared attributes of a record as one text: a line `name=value` each, in the order of their names."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from hub.quality.cast import as_text

ATTRIBUTES = "_attributes"


def as_lines(columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """columns: attribute -> typed values. Null where a record has none of them. `hub.customers.attributes` reads it."""
    parts = []
    for name in sorted(columns):
        text = as_text(columns[name])
        for sign, written in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r")):
            text = pc.replace_substring(text, sign, written)
        parts.append(pc.binary_join_element_wise(pa.scalar(f"{name}="), text, pa.scalar("\n"), "").fill_null(""))
    if not parts:
        return pa.nulls(rows, pa.string())
    joined = pc.binary_join_element_wise(*parts, "")  # skipping nulls would lose rows that have nothing else
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), pc.utf8_slice_codeunits(joined, 0, -1))


def with_attributes(rows: pa.Table, given: Mapping[str, str]) -> pa.Table:
    """The rows with what their columns give to attributes (attribute -> column); as they are where none gives any."""
    if not given:
        return rows
    columns = {name: rows[column] for name, column in given.items()}
    whole = {n: each.combine_chunks() if isinstance(each, pa.ChunkedArray) else each for n, each in columns.items()}
    return rows.append_column(ATTRIBUTES, as_lines(whole, len(rows)))
