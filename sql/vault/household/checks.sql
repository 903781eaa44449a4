-- A household has two customers at least, and one of them is its founder.
select household_id
from vault.household
group by household_id
having count(*) < 2 or count(*) filter (where role = 'founder') <> 1;
