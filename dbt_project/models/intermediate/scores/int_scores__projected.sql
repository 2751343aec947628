with int_scores__evidenced as (
    select * from {{ ref('int_scores__evidenced') }}
    where scope = 'rep' and purpose = 'period'
),

int_forecasts__projected as (
    select * from {{ ref('int_forecasts__projected') }}
    where not is_replay
),

joined as (
    select
        int_scores__evidenced.*,
        int_scores__evidenced.aggregation in ('count', 'sum') as is_additive,
        coalesce(int_scores__evidenced.goal_period > int_scores__evidenced.goal_to_date, false)
            as is_running,
        int_forecasts__projected.projection as forecast,
        int_forecasts__projected.projection_low as forecast_low,
        int_forecasts__projected.projection_high as forecast_high,
        int_forecasts__projected.goal_probability as forecast_probability
    from int_scores__evidenced
    left join int_forecasts__projected
        on
            int_scores__evidenced.scope_id = int_forecasts__projected.rep_id
            and int_scores__evidenced.metric_id = int_forecasts__projected.metric_id
            and int_scores__evidenced.period_type = int_forecasts__projected.period_type
            and int_scores__evidenced.period_start = int_forecasts__projected.period_start
),

-- a closed period ended at its actual
final as (
    select
        joined.*,
        case
            when joined.status = 'not_captured' then null
            when joined.is_additive and joined.is_running then joined.forecast
            when joined.is_additive then joined.actual
        end as projection,
        case
            when joined.status = 'not_captured' then null
            when joined.is_additive and joined.is_running then joined.forecast_low
            when joined.is_additive then joined.actual
        end as projection_low,
        case
            when joined.status = 'not_captured' then null
            when joined.is_additive and joined.is_running then joined.forecast_high
            when joined.is_additive then joined.actual
        end as projection_high,
        case
            when not joined.is_additive or coalesce(joined.goal_period, 0) = 0 then null
            when joined.status in ('not_captured', 'no_goal') then null
            when joined.is_running then joined.forecast_probability
            when joined.is_higher_better and joined.actual >= joined.goal_period then 1e0
            when joined.is_higher_better or joined.actual > joined.goal_period then 0e0
            else 1e0
        end as goal_probability
    from joined
)

select * from final
