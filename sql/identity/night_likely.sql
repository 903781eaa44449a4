-- The pairs that later nights may need: perhaps one person, or likely one household; with how alike each field is, and the
-- rules under which they met.
select posteriors.l, posteriors.r, posteriors.person, posteriors.household, levels.rules, $levels as levels
from $posteriors as posteriors
inner join $pairs_levels as levels on levels.l = posteriors.l and levels.r = posteriors.r
where posteriors.person >= 0 - $doubtful or posteriors.household >= $threshold
