-- A decision names two records, the smaller key first, and keeps them together (1) or apart (0).
select left_key, right_key
from vault.match_decision
where left_key >= right_key or together not in (0, 1);
