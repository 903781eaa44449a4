select
    record_key,
    attribute_group,
    salt,
    print,
    method,
    verified_at
from control.verified
