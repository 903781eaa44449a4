-- Every customer of the matching has a golden record.
select matches.customer_id
from vault.customer_match as matches
left join vault.customer as golden on golden.customer_id = matches.customer_id
where golden.customer_id is null;

-- A customer has at least one record in at least one source.
select customer_id
from vault.customer
where sources < 1 or records < sources;
