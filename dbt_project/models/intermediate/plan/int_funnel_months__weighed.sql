with int_funnel_metrics__placed as (
    select * from {{ ref('int_funnel_metrics__placed') }}
),

int_slot_days as (
    select * from {{ ref('int_slot_days') }}
),

int_seasonal_indices__resolved as (
    select * from {{ ref('int_seasonal_indices__resolved') }}
),

-- a plan is for all regions of a role
seasons as (
    select
        role,
        metric_id,
        slot_id,
        avg(seasonal_index) as season
    from int_seasonal_indices__resolved
    group by 1, 2, 3
),

slots as (
    select
        int_funnel_metrics__placed.role,
        int_funnel_metrics__placed.metric_id,
        cast(split_part(int_slot_days.slot_id, '-', 1) as integer) as calendar_month,
        int_slot_days.working_days,
        int_slot_days.working_days * coalesce(seasons.season, 1) as season_days
    from int_funnel_metrics__placed
    cross join int_slot_days
    left join seasons
        on
            int_funnel_metrics__placed.role = seasons.role
            and int_funnel_metrics__placed.metric_id = seasons.metric_id
            and int_slot_days.slot_id = seasons.slot_id
),

final as (
    select
        role,
        metric_id,
        sum(working_days) as working_days,
    {% for month in range(1, 13) %}
    sum(case when calendar_month = {{ month }} then season_days else 0 end)
    / nullif(sum(season_days), 0) as month_{{ month }}_share{{ "," if not loop.last }}
    {% endfor %}
    from slots
    group by 1, 2
)

select * from final
