-- the checks of the release that is shown
select
    release_id,
    check_name,
    layer,
    table_name,
    column_name,
    passed,
    severity,
    observed_value,
    expected,
    failed_rows,
    description,
    checked_at
from data_checks
where release_id = (select max(releases.release_id) from releases)
