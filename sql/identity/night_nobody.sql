-- No number.
select cast(null as bigint) as record where 1 = 0
