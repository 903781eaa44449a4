-- Addresses of so many persons that they are nobody's home.
select address
from $addresses
group by address
having count(*) > $crowd
