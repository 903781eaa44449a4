-- An e-mail in its standard form has no white space and no capital.
select record_key
from vault.source_customer
where regexp_like(email_standard, '[ \t\n\r]') or email_standard <> lower(email_standard);
