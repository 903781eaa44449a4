-- What is compared, and for each first and last name how it sounds and which full form a nickname stands for.
-- A rarity is how many eighths of a bit the same value says: eight for each halving of the share of records that have it.
with

nicknames (short, formal) as (
    values $nicknames
)

select
    records.record,
    $features
from $standard as records
$joins
