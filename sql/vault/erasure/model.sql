select
    record_key,
    customer_id,
    asked_at
from control.erasure
