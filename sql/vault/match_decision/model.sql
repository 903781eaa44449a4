select
    left_key,
    right_key,
    together,
    decided_by,
    approved_by,
    decided_at
from control.decision
