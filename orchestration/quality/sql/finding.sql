-- A finding as what was measured.
select
    message as observed,
    remedy as expected,
    failed_rows,
    coalesce(file, source_table)
    || case when file is null then '' else ' line ' || line end as subject
from (
    {{ query | indent }}
)
