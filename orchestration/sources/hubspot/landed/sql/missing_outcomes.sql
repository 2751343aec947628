-- The outcomes of calls that every account has, where nobody landed their names.
with outcomes as (
    select
        unnest({{ ids }}) as value,
        unnest({{ labels }}) as label
)

select
    '{{ prefix }}/' || value as id,
    'calls' as object,
    'hs_call_disposition' as property,
    value,
    label,
    '{{ now }}' as _modified_at,
    'false' as _is_deleted,
    '{{ now }}' as _extracted_at
from outcomes
where '{{ prefix }}/' || value not in (select property_option.id from {{ raw }} as property_option)
