-- Every company that a customer belongs to is there.
select people.customer_id
from reporting.customer as people
left join reporting.company as companies on companies.company_id = people.company_id
where people.company_id is not null and companies.company_id is null;
