-- Addresses of crowds: those of before where nothing changed, and those of now.
select crowds.address
from $before as crowds
left join $places as places on places.address = crowds.address
where places.address is null

union all

select addresses.address
from $addresses as addresses
inner join $places as places on places.address = addresses.address
group by addresses.address
having count(*) > $crowd
