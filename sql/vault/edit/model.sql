select
    record_key,
    attribute_group,
    kind,
    value_from,
    given,
    edited_by,
    approved_by,
    edited_at
from control.edit
