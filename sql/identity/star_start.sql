-- Components by large and small stars (Kiveris and others, 2014): rounds grow with the logarithm of a chain's length.
select distinct least(l, r) as u, greatest(l, r) as v
from $edges
where l <> r
