"""Who was asked for what, in the consent table: `asked#<record token>` / `<field>`.

It is kept by the person's records, not by the customer: who was asked stays asked when customers are merged or split.
"""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from typing import Final

from hub.campaigns.items import Item, all_or_none, get_all, now_text

MOST_RECORDS: Final = 90  # of one person; one transaction has room for a hundred


class AskedStore:
    def __init__(self, consent_table: str, key: bytes) -> None:
        self._table, self._key = consent_table, key

    def asked(self, records: Collection[str], fields: Sequence[str]) -> dict[str, str]:
        """The fields that the person of these records was asked for, and when first."""
        tokens = self._tokens(records)
        found: dict[str, str] = {}
        for item in get_all(self._table, ({"pk": token, "sk": field} for token in tokens for field in fields)):
            found[item["sk"]] = min(found.get(item["sk"], item["at"]), item["at"])
        return found

    def claim(self, records: Collection[str], field: str, interaction: str, by: str) -> bool:
        """True for the one caller who may ask this person for the field; False for everybody after, and beside."""
        item: Item = {"sk": field, "at": now_text(), "interaction": interaction, "by": by}
        writes: list[Item] = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {"pk": token, **item},
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            }
            for token in self._tokens(records)
        ]
        return all_or_none(self._table, writes)

    def _tokens(self, records: Collection[str]) -> list[str]:
        kept = sorted(set(records))[:MOST_RECORDS]
        return [f"asked#{hmac.digest(self._key, f'asked|{each}'.encode(), hashlib.sha256).hex()[:32]}" for each in kept]
