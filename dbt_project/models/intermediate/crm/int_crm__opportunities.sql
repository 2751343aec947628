with sourced_opportunities as (
    {{ source_records('opportunities', with_source=true) }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_exchange_rates__ranged as (
    select * from {{ ref('int_exchange_rates__ranged') }}
),

live as (
    select
        sourced_opportunities.*,
        int_settings.currency as company_currency,
        upper(coalesce(sourced_opportunities.currency, int_settings.currency)) as deal_currency,
        -- an open deal has no close date: it is shown at today's rate
        coalesce(sourced_opportunities.close_date, {{ as_of_date() }}) as rate_date
    from sourced_opportunities
    cross join int_settings
    where not sourced_opportunities.is_deleted
),

-- one rate per currency and day: the ranges of a currency do not overlap
converted as (
    select
        live.record_source as source,
        live.opportunity_id,
        coalesce(live.rep_id, 'unassigned') as rep_id,
        live.account_id,
        live.lead_id,
        lower(live.opportunity_type) as opportunity_type,
        live.stage,
        live.deal_currency as currency,
        live.amount,
        case
            when live.deal_currency = live.company_currency then 1
            else deal_rate.rate / nullif(company_rate.rate, 0)
        end as exchange_rate,
        live.is_closed,
        live.is_closed and live.is_won as is_won,
        live.close_date,
        live.created_day,
        live.created_at,
        live.updated_at
    from live
    left join int_exchange_rates__ranged as deal_rate
        on
            live.deal_currency = deal_rate.currency
            and live.rate_date >= deal_rate.valid_from
            and live.rate_date < deal_rate.valid_to
    left join int_exchange_rates__ranged as company_rate
        on
            live.company_currency = company_rate.currency
            and live.rate_date >= company_rate.valid_from
            and live.rate_date < company_rate.valid_to
)

select
    *,
    amount * exchange_rate as company_amount
from converted
