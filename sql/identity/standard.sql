-- Records in the form in which they are compared. `record` numbers them in the order of their keys: whatever order they
-- came in, the same record has the same number, and numbers are cheaper to join than keys.
select
    row_number() over (order by source_key) as record,
    source_key,
    $forms
from (
    select
        source_key,
        $plain
    from $source
) as texts
