-- what: when the source was read, which tells the days that were over by then

with reads as (
    select max(extracted_at) as extracted_at from activity_hours
    union all
    select max(_extracted_at) from raw_files.opportunities
)

select
    max(cast(extracted_at as timestamptz)) as read_at,
    least(
        {{ as_of }},
        cast(timezone({{ time_zone }}, max(cast(extracted_at as timestamptz))) as date) - 1
    ) as last_whole_day
from reads
