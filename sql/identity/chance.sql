-- How often each level is met by chance.
$chance
