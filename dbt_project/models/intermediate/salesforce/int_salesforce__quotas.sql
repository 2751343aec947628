{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__forecasting_quotas as (
    select * from {{ ref('stg_salesforce__forecasting_quotas') }}
),

stg_salesforce__users as (
    select * from {{ ref('stg_salesforce__users') }}
),

-- a quota of a number of products has no amount; forecasts are by month unless it is said
amounts as (
    select
        owner_id,
        forecasting_type_id,
        coalesce(period, 'month') as period,
        amount,
        currency,
        start_date,
        coalesce(end_date, {{ add_days('start_date', 27) }}) as end_date
    from stg_salesforce__forecasting_quotas
    where not is_deleted and amount > 0
),

-- the same revenue is forecast in several ways: the way in which most quotas are set is the goal
types as (
    select
        forecasting_type_id,
        row_number() over (
            order by count(*) desc nulls last, forecasting_type_id asc nulls last
        ) as preference
    from amounts
    group by 1
),

-- whose quota is that of the people who report to them: each of those has the own
managers as (
    select distinct stg_salesforce__users.manager_id
    from amounts
    inner join stg_salesforce__users
        on amounts.owner_id = stg_salesforce__users.user_id
),

quotas as (
    select
        amounts.owner_id,
        amounts.period,
        amounts.amount,
        amounts.currency,
        amounts.start_date,
        amounts.end_date
    from amounts
    inner join types
        on coalesce(amounts.forecasting_type_id, '') = coalesce(types.forecasting_type_id, '')
    left join managers
        on amounts.owner_id = managers.manager_id
    where types.preference = 1 and managers.manager_id is null
)

select * from quotas
