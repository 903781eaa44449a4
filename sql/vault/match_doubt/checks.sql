-- What stewards decided is in doubt no more.
select doubts.left_key, doubts.right_key
from vault.match_doubt as doubts
inner join vault.match_decision as decisions
    on decisions.left_key = least(doubts.left_key, doubts.right_key)
    and decisions.right_key = greatest(doubts.left_key, doubts.right_key);
