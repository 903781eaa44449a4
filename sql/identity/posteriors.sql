-- Bits for "one person" and for "one household", each against the two other classes together; rounded before anything is
-- decided by them. 2^60 and more stand for certainty.
select
    l,
    r,
    round(0e0 - ln(power(2e0, least(60e0, (household - person) / 1000e0)) + power(2e0, least(60e0, (0 - person) / 1000e0))) / ln(2e0), 3) as person,
    round(0e0 - ln(power(2e0, least(60e0, (person - household) / 1000e0)) + power(2e0, least(60e0, (0 - household) / 1000e0))) / ln(2e0), 3) as household
from (
    select l, r, person + ($person_prior) as person, household + ($household_prior) as household
    from $scores
) as scores
