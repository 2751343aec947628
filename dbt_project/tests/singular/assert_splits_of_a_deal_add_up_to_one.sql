-- what remains open after rounding in a spreadsheet is no error
with sourced_opportunity_splits as (
    {{ source_records('opportunity_splits') }}
)

select
    opportunity_id,
    sum(split_ratio) as split_ratio
from sourced_opportunity_splits
where not is_deleted
group by 1
having abs(sum(split_ratio) - 1) > 1e-6
