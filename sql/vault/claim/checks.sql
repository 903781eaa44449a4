-- A group of a customer has at most one value that wins.
select customer_id, attribute_group
from vault.claim
where wins
group by customer_id, attribute_group
having count(*) > 1;

-- Who wins is the first.
select customer_id, attribute_group
from vault.claim
where wins and place > 1;
