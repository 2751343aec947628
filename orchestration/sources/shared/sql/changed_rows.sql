-- The rows of a file that are new or differ from raw, and those of raw that vanished from the file.
select file.*
from {{ staged }} as file
left join {{ raw }} as raw
    on {{ same_key }}
where
    raw._extracted_at is null
    or {{ differs }}
union all by name
select
    raw.* replace (
        '{{ now }}' as _modified_at,
        'true' as _is_deleted,
        '{{ now }}' as _extracted_at
    )
from {{ raw }} as raw
anti join {{ staged }} as file
    on {{ same_key }}
where raw._is_deleted = 'false'
