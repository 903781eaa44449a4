-- How often each pattern of levels is met, by the rules that found it; of many pairs every n-th. What only coarse keys found
-- teaches nothing: among so many strangers the few who share a rare thing share others for the same reason.
select mod(rules, $fine) as rules, $fields, count(*) as pairs
from $levels
where mod(rules, $fine) > 0 and mod(l * 7919 + r * 104729, $every) = 0
group by 1, $fields
