-- remedy: correct split_ratio of these deals in opportunity_splits, or remove their rows
with stg_files__opportunity_splits as (
    select * from {{ ref('stg_files__opportunity_splits') }}
)

select
    opportunity_id,
    sum(split_ratio) as split_ratio
from stg_files__opportunity_splits
where not is_deleted
group by 1
having abs(sum(split_ratio) - 1) > 1e-6
