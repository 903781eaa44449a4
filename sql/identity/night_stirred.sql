-- Records whose household may be another: of such an address, or likely of one with somebody who changed.
select located.record
from (
    $located
) as located
inner join $places as places on places.address = located.address

union

select l as record from $kept as kept where household >= $threshold
union
select r as record from $kept as kept where household >= $threshold
union
select l as record from $posteriors as posteriors where household >= $threshold
union
select r as record from $posteriors as posteriors where household >= $threshold
