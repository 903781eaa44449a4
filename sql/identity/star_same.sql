-- Nothing changed where the three counts are equal.
select
    (select count(*) from $before) as before,
    (select count(*) from $after) as after,
    (select count(*) from $before as a inner join $after as b on a.u = b.u and a.v = b.v) as same
