-- All numbers that are nobody's any more.
select record from $before as retired
union all
select record from $leaving as leaving
