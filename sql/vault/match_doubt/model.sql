select
    left_key,
    right_key,
    bits,
    household_bits
from identity.doubt
