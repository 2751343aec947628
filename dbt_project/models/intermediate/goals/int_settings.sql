with company_settings as (
    select * from {{ ref('company_settings') }}
),

pivoted as (
    select
        max(case when setting = 'company_time_zone' then value end) as company_time_zone,
        max(case when setting = 'currency' then value end) as currency,
        max(case when setting = 'default_calendar' then value end) as default_calendar,
        max(case when setting = 'week_start' then lower(value) end) as week_start,
        max(case when setting = 'fiscal_year_start_month' then value end)
            as fiscal_year_start_month,
        max(case when setting = 'history_years' then value end) as history_years,
        max(case when setting = 'score_cap' then value end) as score_cap,
        max(case when setting = 'suspect_coverage_ratio' then value end) as suspect_coverage_ratio,
        max(case when setting = 'suspect_min_capacity_days' then value end)
            as suspect_min_capacity_days,
        max(case when setting = 'min_peers' then value end) as min_peers,
        max(case when setting = 'min_reached_ratio' then value end) as min_reached_ratio,
        max(case when setting = 'max_reached_ratio' then value end) as max_reached_ratio,
        max(case when setting = 'suggested_reached_ratio' then value end)
            as suggested_reached_ratio,
        max(case when setting = 'max_scorecard_metrics' then value end) as max_scorecard_metrics,
        max(case when setting = 'leading_per_lagging' then value end) as leading_per_lagging,
        max(case when setting = 'lead_conversion_days' then value end) as lead_conversion_days,
        max(case when setting = 'lead_min_conversions' then value end) as lead_min_conversions,
        max(case when setting = 'lead_calibration_ratio' then value end)
            as lead_calibration_ratio,
        max(case when setting = 'lead_check_days' then value end) as lead_check_days,
        max(case when setting = 'lead_closed_statuses' then value end) as lead_closed_statuses,
        max(case when setting = 'icp_good_points' then value end) as icp_good_points,
        max(case when setting = 'icp_fair_points' then value end) as icp_fair_points,
        max(case when setting = 'signal_capture_days' then value end) as signal_capture_days,
        max(case when setting = 'signal_baseline_days' then value end) as signal_baseline_days,
        max(case when setting = 'signal_days' then value end) as signal_days,
        max(case when setting = 'signal_min_records' then value end) as signal_min_records,
        max(case when setting = 'signal_min_share' then value end) as signal_min_share,
        max(case when setting = 'signal_min_ratio' then value end) as signal_min_ratio,
        max(case when setting = 'signal_min_z' then value end) as signal_min_z,
        max(case when setting = 'short_call_seconds' then value end) as short_call_seconds,
        max(case when setting = 'bulk_min_records' then value end) as bulk_min_records,
        max(case when setting = 'bulk_min_hours' then value end) as bulk_min_hours,
        max(case when setting = 'backdated_days' then value end) as backdated_days,
        max(case when setting = 'focus_min_activities' then value end) as focus_min_activities
    from company_settings
),

defaulted as (
    select
        coalesce(company_time_zone, 'UTC') as company_time_zone,
        coalesce(currency, 'USD') as currency,
        coalesce(default_calendar, '') as default_calendar,
        case coalesce(week_start, 'monday')
            when 'monday' then 1
            when 'tuesday' then 2
            when 'wednesday' then 3
            when 'thursday' then 4
            when 'friday' then 5
            when 'saturday' then 6
            when 'sunday' then 7
        end as week_start_weekday,
        cast(coalesce(fiscal_year_start_month, '1') as integer) as fiscal_year_start_month,
        cast(coalesce(history_years, '4') as integer) as history_years,
        cast(coalesce(score_cap, '1.5') as {{ type_double() }}) as score_cap,
        cast(coalesce(suspect_coverage_ratio, '0.5') as {{ type_double() }})
            as suspect_coverage_ratio,
        cast(coalesce(suspect_min_capacity_days, '5') as {{ type_double() }})
            as suspect_min_capacity_days,
        cast(coalesce(min_peers, '5') as integer) as min_peers,
        cast(coalesce(min_reached_ratio, '0.4') as {{ type_double() }}) as min_reached_ratio,
        cast(coalesce(max_reached_ratio, '0.8') as {{ type_double() }}) as max_reached_ratio,
        cast(coalesce(suggested_reached_ratio, '0.6') as {{ type_double() }})
            as suggested_reached_ratio,
        cast(coalesce(max_scorecard_metrics, '6') as integer) as max_scorecard_metrics,
        cast(coalesce(leading_per_lagging, '2') as integer) as leading_per_lagging,
        cast(coalesce(lead_conversion_days, '90') as integer) as lead_conversion_days,
        cast(coalesce(lead_min_conversions, '30') as integer) as lead_min_conversions,
        cast(coalesce(lead_calibration_ratio, '0.3') as {{ type_double() }})
            as lead_calibration_ratio,
        cast(coalesce(lead_check_days, '182') as integer) as lead_check_days,
        coalesce(lead_closed_statuses, 'converted|disqualified|unqualified')
            as lead_closed_statuses,
        cast(coalesce(icp_good_points, '50') as {{ type_double() }}) as icp_good_points,
        cast(coalesce(icp_fair_points, '25') as {{ type_double() }}) as icp_fair_points,
        cast(coalesce(signal_capture_days, '7') as integer) as signal_capture_days,
        cast(coalesce(signal_baseline_days, '56') as integer) as signal_baseline_days,
        cast(coalesce(signal_days, '28') as integer) as signal_days,
        cast(coalesce(signal_min_records, '50') as {{ type_double() }}) as signal_min_records,
        cast(coalesce(signal_min_share, '0.1') as {{ type_double() }}) as signal_min_share,
        cast(coalesce(signal_min_ratio, '3') as {{ type_double() }}) as signal_min_ratio,
        cast(coalesce(signal_min_z, '5') as {{ type_double() }}) as signal_min_z,
        cast(coalesce(short_call_seconds, '5') as {{ type_double() }}) as short_call_seconds,
        cast(coalesce(bulk_min_records, '10') as {{ type_double() }}) as bulk_min_records,
        cast(coalesce(bulk_min_hours, '1') as {{ type_double() }}) as bulk_min_hours,
        cast(coalesce(backdated_days, '2') as {{ type_double() }}) as backdated_days,
        cast(coalesce(focus_min_activities, '30') as integer) as focus_min_activities
    from pivoted
)

select * from defaulted
