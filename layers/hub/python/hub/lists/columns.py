"""Which column of a list is the e-mail address, the telephone number, the name, the postcode, the time of change."""

from collections.abc import Mapping, Sequence
from typing import get_args

from hub.config import DataSet, Deployment, key_columns
from hub.errors import InvalidInput
from hub.lists.models import Field_, ListOf

FIELDS: tuple[str, ...] = get_args(Field_)
CALLED = {
    "email": ("email", "e_mail", "mail", "email_address", "e_mail_address"),
    "phone": ("phone", "mobile", "telephone", "phone_number", "mobile_number"),
    "name": ("name", "full_name", "customer_name"),
    "postcode": ("postcode", "pincode", "pin", "zip", "postal_code", "zip_code"),
    "changed_at": ("changed_at", "updated_at", "modified_at"),
}
ENTITY = {"email": "email", "phone": "phone", "name": "full_name", "postcode": "postcode", "changed_at": "changed_at"}
NEEDS = {"email": ("email",), "phone": ("phone",), "name_postcode": ("name", "postcode")}


def of_data_set(deployment: Deployment, each: ListOf) -> DataSet:
    """The data set of a list; InvalidInput where there is none."""
    source, _, name = (each.data_set or "").partition(".")
    manifest = deployment.sources.get(source)
    if manifest is None or name not in manifest.data_sets:
        raise InvalidInput(f"There is no data set {each.data_set}")
    found: DataSet = manifest.data_sets[name]
    return found


def columns(each: ListOf, names: Sequence[str], data_set: DataSet | None) -> dict[str, str]:
    """Field -> column: as asked, else as the manifest maps it to a customer, else by its name. InvalidInput."""
    if unknown := sorted(set(each.columns.values()) - set(names)):
        raise InvalidInput(f"{each.name} has no column {unknown[0]!r}; it has {', '.join(names)}")
    mapped: Mapping[str, str] = data_set.entity.get("customer", {}) if data_set else {}
    found: dict[str, str] = {}
    for field in FIELDS:
        expression = mapped.get(ENTITY[field], "")
        by_map = expression if key_columns(expression) == [expression] and expression in names else None
        by_name = next((name for name in names if _plain(name) in CALLED[field]), None)
        if chosen := dict(each.columns).get(field) or by_map or by_name:  # type: ignore[call-overload]  # keys are fields
            found[field] = chosen
    return found


def comparable(found: Mapping[str, str], match: Sequence[str]) -> bool:
    """Whether a list with these fields has something to be compared by."""
    return any(set(NEEDS[kind]) <= found.keys() for kind in match)


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")
