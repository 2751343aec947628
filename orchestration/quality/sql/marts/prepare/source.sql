-- what: the live and deleted records of a table from every source. Those of a CRM are taken as dbt
--     mapped them: what is compared is how they were counted.
-- tables: reps, activities, opportunities, opportunity_splits, opportunity_stage_changes, leads,
--     accounts, goals

select *, cast(null as bigint) as file_row_number from raw_files.{{ table }}
{% for crm in crms if table != 'goals' %}
union all by name
select * rename (is_deleted as _is_deleted)
from (select cast(columns(*) as varchar) from intermediate.int_{{ crm }}__{{ table }})
{% endfor %}
