-- What the keys are made of, of the numbers that leave.
select features.record, $columns
from $features as features
inner join $leaving as leaving on leaving.record = features.record
