-- The chance that two records have the same value of a field, from how often each value is there.
$agreement
