-- No pair.
select cast(null as bigint) as l, cast(null as bigint) as r where 1 = 0
