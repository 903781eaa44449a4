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

-- Nobody keeps apart what is one customer, but where other decisions hold the two together.
select a.record_key
from vault.match_decision as decisions
inner join vault.customer_match as a on a.record_key = decisions.left_key
inner join vault.customer_match as b on b.record_key = decisions.right_key and b.customer_id = a.customer_id
left join vault.match_decision as others
    on others.together = 1 and (others.left_key = a.record_key or others.right_key = a.record_key)
where decisions.together = 0 and others.left_key is null and not a.held;
