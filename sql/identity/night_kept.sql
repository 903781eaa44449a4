-- The likely pairs of now: those of before that still meet under a rule, and those that are new.
select *
from (
    select
        before.l,
        before.r,
        before.person,
        before.household,
        before.rules - coalesce(lost.rules, 0) + coalesce(pairs.rules, 0) as rules,
        before.levels
    from $before as before
    left join $lost as lost on lost.l = before.l and lost.r = before.r
    left join $pairs as pairs on pairs.l = before.l and pairs.r = before.r
    left join $leaving as a on a.record = before.l
    left join $leaving as b on b.record = before.r
    where a.record is null and b.record is null
) as stayed
where rules > 0

union all

select posteriors.l, posteriors.r, posteriors.person, posteriors.household, levels.rules, $levels as levels
from $posteriors as posteriors
inner join $pairs_levels as levels on levels.l = posteriors.l and levels.r = posteriors.r
left join $before as before on before.l = posteriors.l and before.r = posteriors.r
where before.l is null and (posteriors.person >= 0 - $doubtful or posteriors.household >= $threshold)
