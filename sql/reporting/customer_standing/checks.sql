-- Who has bought is a customer or lapsed, whatever a source calls him.
select customer_id
from reporting.customer_standing
where last_bought_on is not null and life_cycle not in ('customer', 'lapsed');

-- Everybody of the golden records is judged.
select golden.customer_id
from reporting.customer as golden
left join reporting.customer_standing as standing on standing.customer_id = golden.customer_id
where standing.customer_id is null;
