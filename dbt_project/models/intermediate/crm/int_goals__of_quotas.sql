{{ config(enabled=crm_sources().split() | length > 0) }}

with int_quotas__unioned as (
    select * from {{ ref('int_quotas__unioned') }}
),

int_rep_ids__matched as (
    select * from {{ ref('int_rep_ids__matched') }}
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

priced as (
    select
        quotas.*,
        upper(int_settings.currency) as company_currency,
        upper(coalesce(quotas.currency, int_settings.currency)) as quota_currency
    from int_quotas__unioned as quotas
    cross join int_settings
),

converted as (
    select
        priced.source,
        priced.owner_id,
        priced.period,
        priced.amount
        * case
            when priced.quota_currency = priced.company_currency then 1
            else quota_rate.rate / nullif(company_rate.rate, 0)
        end as amount,
        {{ add_days(
            'priced.start_date',
            'cast(floor(' ~ dbt.datediff('priced.start_date', 'priced.end_date', 'day')
            ~ ' / 2e0) as integer)'
        ) }} as middle_date
    from priced
    left join int_exchange_rates__ranged as quota_rate
        on
            priced.quota_currency = quota_rate.currency
            and priced.start_date >= quota_rate.valid_from
            and priced.start_date < quota_rate.valid_to
    left join int_exchange_rates__ranged as company_rate
        on
            priced.company_currency = company_rate.currency
            and priced.start_date >= company_rate.valid_from
            and priced.start_date < company_rate.valid_to
),

-- periods of a custom fiscal year begin on any day: they count for ours that holds their middle
placed as (
    select
        converted.source,
        coalesce(int_rep_ids__matched.rep_id, converted.owner_id) as rep_id,
        converted.period,
        converted.amount,
        case converted.period
            when 'week' then int_dates.week_start_date
            when 'month' then int_dates.month_start_date
            when 'quarter' then int_dates.quarter_start_date
            when 'year' then int_dates.year_start_date
        end as valid_from,
        case converted.period
            when 'week' then int_dates.week_end_date
            when 'month' then int_dates.month_end_date
            when 'quarter' then int_dates.quarter_end_date
            when 'year' then int_dates.year_end_date
        end as last_date
    from converted
    inner join int_dates
        on converted.middle_date = int_dates.date_day
    left join int_rep_ids__matched
        on
            converted.source = int_rep_ids__matched.source
            and converted.owner_id = int_rep_ids__matched.user_id
),

-- several quotas of one rep and period add up
mapped as (
    select
        source,
        'quota_' || rep_id || '_' || period || '_' || cast(valid_from as {{ type_text() }})
            as goal_id,
        'rep' as scope,
        rep_id as scope_value,
        'revenue_won' as metric_id,
        period,
        'redistribute' as timing,
        sum(amount) as goal,
        valid_from,
        {{ add_days('last_date', 1) }} as valid_to
    from placed
    where amount is not null and valid_from is not null
    group by source, rep_id, period, valid_from, last_date
)

select * from mapped
