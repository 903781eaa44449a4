-- What households are told by, of these records.
select features.record, $columns
from $features as features
inner join $home as home on home.record = features.record
