-- The live records that a live one says were merged into it; some say as well when.
with merged as (
    select
        id as winner,
        unnest(string_split(hs_merged_object_ids, ';')) as loser
    from {{ raw }}
    where _is_deleted = 'false'
),

losers as (
    select
        winner,
        trim(split_part(loser, ':', 1)) as id
    from merged
)

select id
from {{ raw }}
where
    _is_deleted = 'false'
    and id in (select losers.id from losers where losers.id <> losers.winner)
