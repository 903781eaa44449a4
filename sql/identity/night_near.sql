-- The features of the records to be compared.
select features.*
from $features as features
inner join (
    select l as record from $pairs as pairs
    union
    select r as record from $pairs as pairs
) as near on near.record = features.record
