-- two models in one: today's, and the one of an earlier day, which what happened since can judge
with int_leads__dated as (
    select * from {{ ref('int_leads__dated') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

model_dates as (
    select
        'current' as model_id,
        {{ last_month_end() }} as model_date,
        int_settings.*
    from int_settings
    union all
    select
        'check' as model_id,
        {{ add_days(last_month_end(), '-int_settings.lead_check_days') }} as model_date,
        int_settings.*
    from int_settings
),

-- a day's leads are taken together once the last of them is decided: young ones that converted
-- without those that still may would promise too much. The later part of the time is kept from
-- training: it says how far to trust what was learnt
counted as (
    select
        model_dates.model_id,
        model_dates.model_date,
        model_dates.lead_min_conversions,
        min(int_leads__dated.created_date) as first_date,
        {{ add_days(
            'min(int_leads__dated.created_date)',
            'cast(floor((1 - model_dates.lead_calibration_ratio) * '
            ~ dbt.datediff(
                'min(int_leads__dated.created_date)', 'max(int_leads__dated.created_date)', 'day'
            )
            ~ ') as integer)'
        ) }} as calibrated_date,
        sum(
            case
                when int_leads__dated.converted_date <= int_leads__dated.decided_date then 1e0
                else 0e0
            end
        ) as conversions,
        count(int_leads__dated.lead_id) as leads
    from model_dates
    left join int_leads__dated
        on
            int_leads__dated.decided_date <= model_dates.model_date
            and int_leads__dated.created_date
            > {{ add_days('model_dates.model_date', '-365 * model_dates.history_years') }}
    group by
        model_dates.model_id,
        model_dates.model_date,
        model_dates.lead_min_conversions,
        model_dates.lead_calibration_ratio
),

final as (
    select
        model_id,
        model_date,
        first_date,
        calibrated_date,
        conversions / nullif(leads, 0) as base_ratio,
        case
            when conversions < lead_min_conversions
                then
                    'no score yet: '
                    || cast(cast(conversions as bigint) as {{ type_text() }})
                    || ' of ' || cast(lead_min_conversions as {{ type_text() }})
                    || ' conversions needed'
            when leads - conversions < lead_min_conversions
                then
                    'no score yet: '
                    || cast(cast(leads - conversions as bigint) as {{ type_text() }})
                    || ' of ' || cast(lead_min_conversions as {{ type_text() }})
                    || ' leads that did not convert needed'
            else 'scored'
        end as score_state
    from counted
)

select * from final
