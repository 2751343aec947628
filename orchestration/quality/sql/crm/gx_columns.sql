-- what: The fields of {{ name }} are those of the load before.
-- reason: What appeared may be worth reading ({{ fields_setting }}); what vanished stays empty in
--     new rows.
-- severity: warn
-- tables: objects_with_fields
-- expected: no field appeared, vanished or changed its type
-- absent: the same fields as before

with last_load as (
    select max_by(loaded_at, rowid) as loaded_at
    from {{ schema }}._loads
    where object_name = '{{ loaded_as }}'
)

select
    field_changes.field as subject,
    field_changes.what as observed,
    'as before' as expected,
    1 as failed_rows
from {{ schema }}._field_changes as field_changes
inner join last_load
    on field_changes.noticed_at = last_load.loaded_at
where field_changes.object_name = '{{ loaded_as }}'
