-- An id leads to one customer only, and not to itself.
select old_customer_id
from vault.customer_redirect
where kind = 'merge'
group by old_customer_id
having count(*) > 1 or min(customer_id) = old_customer_id;

-- An id that leads on is nobody's.
select redirects.old_customer_id
from vault.customer_redirect as redirects
inner join vault.customer_match as matches on matches.customer_id = redirects.old_customer_id
where redirects.kind = 'merge';
