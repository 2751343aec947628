-- Each further row of a key that the file has more than once.
with repeated as (
    select {{ keys }}
    from {{ path }}
    group by {{ keys }}
    having count(*) > 1
)

select
    records.file_row_number as row,
    '{{ key_name }}' as column_name,
    {{ key_text }} as value,
    'is there more than once; keep one row of it' as reason
from {{ numbered }} as records
semi join repeated as twice
    on {{ same_key }}
where not ({{ is_incomplete }})
qualify row_number() over (partition by {{ key_text }} order by records.file_row_number) > 1
