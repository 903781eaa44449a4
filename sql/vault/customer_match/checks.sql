-- Every record of a source belongs to a customer.
select records.record_key
from vault.source_customer as records
left join vault.customer_match as matches on matches.record_key = records.record_key
where matches.record_key is null;

-- A customer is named after one founding record.
select customer_id
from vault.customer_match
group by customer_id
having count(distinct founding_record_key) > 1;
