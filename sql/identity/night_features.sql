-- The features of the records of the components that are taken apart anew.
select features.*
from $features as features
inner join $here as here on here.record = features.record
