-- Weights of the model, in thousandths of a bit and whole numbers, so that sums are the same on every engine: for one
-- person and for one household, each against two strangers.
select
    l,
    r,
    $person as person,
    $household as household
from $levels
