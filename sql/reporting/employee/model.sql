select
    employee.record_key,
    employee.source,
    employee.manager_record_key,
    employee.department,
    employee.job_title,
    employee.region,
    coalesce(employee.country, run.country) as country,
    employee.hired_on,
    employee.left_on,
    coalesce(employee.active, employee.left_on is null) as active,
    employee.lead_source,
    employee.sale_source,
    employee.collected_by,
    employee.changed_at,
    employee._as_of, employee._pull_seq, employee._batch, employee._row, employee._deleted
from conformed.employee as employee
cross join control.run as run
