-- A record key leads to a customer that exists.
select keys.record_key
from reporting.customer_key as keys
left join reporting.customer as customers on customers.customer_id = keys.customer_id
where customers.customer_id is null;
