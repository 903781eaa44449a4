-- Each record of a component with the component's smallest record.
select u as record, v as label
from $stars

union all

select distinct v as record, v as label
from $stars
