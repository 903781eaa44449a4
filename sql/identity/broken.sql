-- Records that somebody keeps apart and that are one person all the same, through others.
select decisions.l, decisions.r
from $decisions as decisions
inner join $labels as a on a.record = decisions.l
inner join $labels as b on b.record = decisions.r and b.label = a.label
where decisions.together = 0
order by decisions.l, decisions.r
