"""What says when a version of a record was made, and which of several versions is the last."""

from hub.config.models import DataSet


def changed(data_set: DataSet, entity: str) -> list[str]:
    """Expressions of when a version was made; the first that has a value counts."""
    mapped = data_set.entity[entity].get("changed_at") or _moment(data_set, data_set.keys.change)
    return list(dict.fromkeys(filter(None, [mapped, _moment(data_set, data_set.keys.order)])))


def order(data_set: DataSet, entity: str) -> list[str]:
    """Expressions of what puts versions in order: the order key before all else."""
    return list(dict.fromkeys([*filter(None, [_moment(data_set, data_set.keys.order)]), *changed(data_set, entity)]))


def _moment(data_set: DataSet, key: str | None) -> str | None:
    """A key that is a moment; the models compare no other."""
    return key if key in data_set.columns and data_set.columns[key].type == "timestamp" else None
