{#- the columns by type; a test holds them to the seed -#}
{%- set columns = {
    'text': ['company_time_zone', 'currency', 'default_calendar', 'lead_closed_statuses',
        'opportunity_split_type'],
    'integer': ['fiscal_year_start_month', 'history_years', 'min_peers', 'max_scorecard_metrics',
        'leading_per_lagging', 'lead_conversion_days', 'lead_min_conversions', 'lead_check_days',
        'signal_days', 'focus_min_activities'],
    'number': ['score_cap', 'suspect_coverage_ratio', 'suspect_min_capacity_days',
        'min_reached_ratio', 'max_reached_ratio', 'suggested_reached_ratio',
        'lead_calibration_ratio', 'icp_good_points', 'icp_fair_points', 'signal_min_records',
        'signal_min_share', 'signal_min_ratio', 'signal_min_z', 'short_call_seconds',
        'bulk_min_records', 'bulk_min_hours', 'backdated_days'],
} -%}
{%- set types = {'text': type_text(), 'integer': 'integer', 'number': type_double()} -%}

with settings as (
    select * from {{ ref('settings') }}
),

company_settings as (
    select * from {{ ref('company_settings') }}
),

given as (
    select
        settings.setting,
        coalesce(company_settings.value, settings.default_value, '') as value
    from settings
    left join company_settings
        on settings.setting = company_settings.setting
),

typed as (
    select
        {%- for type, names in columns.items() %}
        {%- for name in names %}
        cast(max(case when setting = '{{ name }}' then value end) as {{ types[type] }})
            as {{ name }},
        {%- endfor %}
        {%- endfor %}
        max(
            case
                when setting = 'week_start'
                    then
                        case lower(value)
                            when 'monday' then 1
                            when 'tuesday' then 2
                            when 'wednesday' then 3
                            when 'thursday' then 4
                            when 'friday' then 5
                            when 'saturday' then 6
                            when 'sunday' then 7
                        end
            end
        ) as week_start_weekday
    from given
)

select * from typed
