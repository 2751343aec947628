-- The records that others say were merged into them; some say as well when.
with merged as (
    select
        {{ record_id }} as winner,
        unnest(string_split(cast({{ merged_ids }} as varchar), ';')) as loser
    from landed as base
),

losers as (
    select
        winner,
        trim(split_part(loser, ':', 1)) as id
    from merged
)

select distinct id
from losers
where id not in ('', winner)
