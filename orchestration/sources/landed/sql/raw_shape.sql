-- The newest version of each landed record, in the columns of its raw table.
select
    {% for name, cell in cells.items() %}
    {{ cell }} as {{ name }},
    {% endfor %}
    {{ modified_at }} as _modified_at,
    case when {{ is_gone }} then 'true' else 'false' end as _is_deleted,
    '{{ now }}' as _extracted_at,
    {{ synced }} as _synced
from {{ relation }}
qualify row_number() over (partition by {{ key }} order by {{ newest }}) = 1
