{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__goal_targets as (
    select * from {{ ref('stg_hubspot__goal_targets') }}
),

stg_hubspot__owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

owners_of_users as (
    select
        user_id,
        min(owner_id) as owner_id
    from stg_hubspot__owners
    where user_id is not null
    group by 1
),

-- only goals of revenue; that of a team has neither owner nor user. The length says the period
amounts as (
    select
        stg_hubspot__goal_targets.goal_target_id,
        coalesce(stg_hubspot__goal_targets.owner_id, owners_of_users.owner_id) as owner_id,
        coalesce(stg_hubspot__goal_targets.pipeline_ids, '') as pipeline_ids,
        stg_hubspot__goal_targets.amount,
        stg_hubspot__goal_targets.currency,
        stg_hubspot__goal_targets.start_date,
        stg_hubspot__goal_targets.end_date,
        stg_hubspot__goal_targets.created_at,
        {{ dbt.datediff(
            'stg_hubspot__goal_targets.start_date', 'stg_hubspot__goal_targets.end_date', 'day'
        ) }} as days
    from stg_hubspot__goal_targets
    left join owners_of_users
        on stg_hubspot__goal_targets.user_id = owners_of_users.user_id
    where
        not stg_hubspot__goal_targets.is_deleted
        and lower(stg_hubspot__goal_targets.type) = 'sales_quota'
        and stg_hubspot__goal_targets.amount > 0
),

periods as (
    select
        amounts.*,
        case
            when days between 5 and 8 then 'week'
            when days between 26 and 32 then 'month'
            when days between 87 and 93 then 'quarter'
            when days between 362 and 367 then 'year'
        end as period
    from amounts
    where owner_id is not null
),

-- the latest version of a goal counts; one over all pipelines includes those of each
ranked as (
    select
        periods.*,
        rank() over (
            partition by owner_id, period, start_date
            order by case when pipeline_ids = '' then 0 else 1 end asc nulls last
        ) as scope_rank,
        row_number() over (
            partition by owner_id, period, start_date, pipeline_ids
            order by created_at desc nulls last, goal_target_id desc nulls last
        ) as newness
    from periods
    where period is not null
),

quotas as (
    select
        owner_id,
        period,
        amount,
        currency,
        start_date,
        end_date
    from ranked
    where scope_rank = 1 and newness = 1
)

select * from quotas
