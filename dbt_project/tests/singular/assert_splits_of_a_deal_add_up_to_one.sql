-- remedy: correct split_ratio of these deals in opportunity_splits, or remove their rows
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
