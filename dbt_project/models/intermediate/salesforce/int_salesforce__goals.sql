with stg_salesforce__forecasting_quotas as (
    select * from {{ ref('stg_salesforce__forecasting_quotas') }}
),

stg_salesforce__users as (
    select * from {{ ref('stg_salesforce__users') }}
),

int_salesforce__rep_ids as (
    select * from {{ ref('int_salesforce__rep_ids') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_exchange_rates__ranged as (
    select * from {{ ref('int_exchange_rates__ranged') }}
),

-- a quota of a number of products has no amount; forecasts are by month unless it is said
amounts as (
    select
        stg_salesforce__forecasting_quotas.owner_id,
        stg_salesforce__forecasting_quotas.forecasting_type_id,
        coalesce(stg_salesforce__forecasting_quotas.period, 'month') as period,
        stg_salesforce__forecasting_quotas.amount,
        stg_salesforce__forecasting_quotas.start_date,
        coalesce(
            stg_salesforce__forecasting_quotas.end_date,
            {{ add_days('stg_salesforce__forecasting_quotas.start_date', 27) }}
        ) as end_date,
        upper(int_settings.currency) as company_currency,
        upper(coalesce(stg_salesforce__forecasting_quotas.currency, int_settings.currency))
            as quota_currency
    from stg_salesforce__forecasting_quotas
    cross join int_settings
    where
        not stg_salesforce__forecasting_quotas.is_deleted
        and stg_salesforce__forecasting_quotas.amount > 0
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

own as (
    select
        amounts.*,
        {{ add_days(
            'amounts.start_date',
            'cast(floor(' ~ dbt.datediff('amounts.start_date', 'amounts.end_date', 'day')
            ~ ' / 2e0) as integer)'
        ) }} as middle_date,
        case
            when amounts.quota_currency = amounts.company_currency then 1
            else quota_rate.rate / nullif(company_rate.rate, 0)
        end as exchange_rate
    from amounts
    inner join types
        on coalesce(amounts.forecasting_type_id, '') = coalesce(types.forecasting_type_id, '')
    left join managers
        on amounts.owner_id = managers.manager_id
    left join int_exchange_rates__ranged as quota_rate
        on
            amounts.quota_currency = quota_rate.currency
            and amounts.start_date >= quota_rate.valid_from
            and amounts.start_date < quota_rate.valid_to
    left join int_exchange_rates__ranged as company_rate
        on
            amounts.company_currency = company_rate.currency
            and amounts.start_date >= company_rate.valid_from
            and amounts.start_date < company_rate.valid_to
    where types.preference = 1 and managers.manager_id is null
),

-- periods of a custom fiscal year begin on any day: they count for ours that holds their middle
placed as (
    select
        coalesce(int_salesforce__rep_ids.rep_id, own.owner_id) as rep_id,
        own.period,
        own.amount * own.exchange_rate as amount,
        case own.period
            when 'week' then int_dates.week_start_date
            when 'month' then int_dates.month_start_date
            when 'quarter' then int_dates.quarter_start_date
            when 'year' then int_dates.year_start_date
        end as valid_from,
        case own.period
            when 'week' then int_dates.week_end_date
            when 'month' then int_dates.month_end_date
            when 'quarter' then int_dates.quarter_end_date
            when 'year' then int_dates.year_end_date
        end as last_date
    from own
    inner join int_dates
        on own.middle_date = int_dates.date_day
    left join int_salesforce__rep_ids
        on own.owner_id = int_salesforce__rep_ids.user_id
),

mapped as (
    select
        'quota_' || rep_id || '_' || period || '_' || cast(valid_from as {{ type_text() }})
            as goal_id,
        'rep' as scope,
        rep_id as scope_value,
        cast(null as {{ type_text() }}) as tier,
        'revenue_won' as metric_id,
        period,
        'redistribute' as timing,
        sum(amount) as goal,
        valid_from,
        {{ add_days('last_date', 1) }} as valid_to,
        false as is_deleted
    from placed
    where amount is not null and valid_from is not null
    group by rep_id, period, valid_from, last_date
)

select * from mapped
