-- The names of the outcomes of calls, as Fivetran lands them.
select
    '{{ prefix }}/' || {{ value }} as id,
    'calls' as object,
    'hs_call_disposition' as property,
    {{ value }} as value,
    {{ label }} as label
from landed as base
inner join properties
    on {{ property_id }} = properties.{{ property_key }}
where properties.{{ property_name }} = 'hs_call_disposition'
