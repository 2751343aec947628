{%- set up_to_step -%}
    partition by referenced.rep_id, referenced.period_type, referenced.period_start
    order by referenced.step asc nulls last
    rows between unbounded preceding and current row
{%- endset -%}

with funnels as (
    select * from {{ ref('funnels') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
),

int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

int_activity_metrics as (
    select * from {{ ref('int_activity_metrics') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- the metrics of a first step are channels that add up; each later step has one metric
steps as (
    select
        funnels.role,
        funnels.step,
        min(funnels.metric_id) as metric_id,
        count(*) as channels,
        max(funnels.step) over (partition by funnels.role) as last_step
    from funnels
    group by funnels.role, funnels.step
),

named_steps as (
    select
        steps.role,
        steps.step,
        steps.last_step,
        steps.metric_id,
        lag(steps.metric_id) over (
            partition by steps.role order by steps.step asc nulls last
        ) as previous_metric_id,
        metrics.metric_name || case when steps.channels > 1 then ' and other channels' else '' end
            as step_name,
        metrics.metric_kind,
        metrics.aggregation,
        metrics.unit,
        metrics.event_type
    from steps
    inner join metrics
        on steps.metric_id = metrics.metric_id
),

-- the catalogue may have a metric for what happens between two steps: a rate, a mean amount
rates as (
    select
        named_steps.role,
        named_steps.step,
        metrics.metric_id as rate_metric_id,
        metrics.metric_name as rate_name,
        metrics.metric_kind as rate_kind,
        row_number() over (
            partition by named_steps.role, named_steps.step
            order by metrics.sort_order asc nulls last, metrics.metric_id asc nulls last
        ) as preference
    from named_steps
    inner join metrics
        on
            (
                named_steps.metric_id = metrics.numerator_metric_id
                and named_steps.previous_metric_id = metrics.denominator_metric_id
            )
            or (
                metrics.aggregation = 'mean'
                and named_steps.aggregation = 'sum'
                and named_steps.unit = metrics.unit
                and named_steps.event_type = metrics.event_type
            )
),

ranked_periods as (
    select
        period_type,
        period_start,
        period_end,
        row_number() over (
            partition by period_type order by period_start desc nulls last
        ) as age
    from int_periods
    where period_type in ('month', 'quarter', 'year', 'last_13_weeks')
),

-- the current period and the last that is closed
recent_periods as (
    select
        period_type,
        period_start,
        period_end
    from ranked_periods
    where age <= 2
),

-- a row for each day of a period, so that facts meet their periods by equality and not by a range
period_days as (
    select
        recent_periods.period_type,
        recent_periods.period_start,
        int_dates.date_day
    from recent_periods
    inner join int_dates
        on int_dates.date_day between recent_periods.period_start and recent_periods.period_end
),

activity_roles as (
    select distinct funnels.role
    from funnels
    inner join int_activity_metrics
        on funnels.metric_id = int_activity_metrics.metric_id
),

-- where the capture of activities broke, a funnel shows the breakage and not the rep
rep_periods as (
    select int_rep_periods.*
    from int_rep_periods
    inner join recent_periods
        on
            int_rep_periods.period_type = recent_periods.period_type
            and int_rep_periods.period_start = recent_periods.period_start
    cross join int_settings
    left join activity_roles
        on int_rep_periods.role = activity_roles.role
    where
        activity_roles.role is null
        or int_rep_periods.work_days < int_settings.suspect_min_capacity_days
        or coalesce(
            int_rep_periods.coverage_ratio
            >= int_settings.suspect_coverage_ratio * int_rep_periods.team_coverage_ratio, true
        )
),

funnel_metrics as (
    select distinct metric_id from funnels
),

actuals as (
    select
        period_days.period_type,
        period_days.period_start,
        int_metrics__daily.rep_id,
        int_metrics__daily.metric_id,
        sum(int_metrics__daily.numerator) as actual
    from int_metrics__daily
    inner join funnel_metrics
        on int_metrics__daily.metric_id = funnel_metrics.metric_id
    inner join period_days
        on int_metrics__daily.date_day = period_days.date_day
    group by 1, 2, 3, 4
),

goals as (
    select
        period_days.period_type,
        period_days.period_start,
        fct_goals_daily.rep_id,
        fct_goals_daily.metric_id,
        sum(
            case
                when fct_goals_daily.date_day <= {{ goals_due_date() }}
                    then fct_goals_daily.daily_goal
                else 0
            end
        ) as goal
    from fct_goals_daily
    inner join funnel_metrics
        on fct_goals_daily.metric_id = funnel_metrics.metric_id
    inner join period_days
        on fct_goals_daily.date_day = period_days.date_day
    where fct_goals_daily.full_goal is not null
    group by 1, 2, 3, 4
),

step_sums as (
    select
        rep_periods.rep_id,
        rep_periods.period_type,
        rep_periods.period_start,
        funnels.step,
        {{ settle('sum(coalesce(actuals.actual, 0))') }} as actual,
        -- without a goal on each channel the step has none
        case
            when count(goals.goal) = count(*) then {{ settle('sum(goals.goal)') }}
        end as goal
    from rep_periods
    inner join funnels
        on rep_periods.role = funnels.role
    left join actuals
        on
            rep_periods.rep_id = actuals.rep_id
            and rep_periods.period_type = actuals.period_type
            and rep_periods.period_start = actuals.period_start
            and funnels.metric_id = actuals.metric_id
    left join goals
        on
            rep_periods.rep_id = goals.rep_id
            and rep_periods.period_type = goals.period_type
            and rep_periods.period_start = goals.period_start
            and funnels.metric_id = goals.metric_id
    group by 1, 2, 3, 4
),

-- `base` is what a step is divided by: capacity for the first, the step before for the others
rep_steps as (
    select
        step_sums.rep_id,
        step_sums.period_type,
        step_sums.period_start,
        rep_periods.rep_name,
        rep_periods.team,
        rep_periods.role,
        rep_periods.tier,
        rep_periods.period_id,
        rep_periods.period_end,
        rep_periods.is_current,
        step_sums.step,
        named_steps.last_step,
        named_steps.metric_id,
        named_steps.previous_metric_id,
        named_steps.step_name,
        named_steps.aggregation,
        named_steps.unit,
        coalesce(int_scorecard_metrics__resolved.metric_kind, named_steps.metric_kind)
            as metric_kind,
        rates.rate_metric_id,
        rates.rate_name,
        rates.rate_kind,
        step_sums.actual,
        step_sums.goal,
        int_rep_goals__resolved.goal as rate_goal,
        coalesce(
            lag(step_sums.actual) over (
                partition by step_sums.rep_id, step_sums.period_type, step_sums.period_start
                order by step_sums.step asc nulls last
            ), rep_periods.capacity_days
        ) as base
    from step_sums
    inner join rep_periods
        on
            step_sums.rep_id = rep_periods.rep_id
            and step_sums.period_type = rep_periods.period_type
            and step_sums.period_start = rep_periods.period_start
    inner join named_steps
        on
            rep_periods.role = named_steps.role
            and step_sums.step = named_steps.step
    left join rates
        on
            named_steps.role = rates.role
            and named_steps.step = rates.step
            and rates.preference = 1
    left join int_rep_goals__resolved
        on
            rep_periods.rep_version_id = int_rep_goals__resolved.rep_version_id
            and rates.rate_metric_id = int_rep_goals__resolved.metric_id
            and rep_periods.reference_date >= int_rep_goals__resolved.valid_from
            and rep_periods.reference_date < int_rep_goals__resolved.valid_to
    left join int_scorecard_metrics__resolved
        on
            rep_periods.role = int_scorecard_metrics__resolved.role
            and rep_periods.tier = int_scorecard_metrics__resolved.tier
            and named_steps.metric_id = int_scorecard_metrics__resolved.metric_id
),

-- the others of the same role and tier, of the role, or with the same step in their funnel
peered as (
    select
        {% for scope, keys in {
            "role_tier": "rep_steps.role, rep_steps.tier, rep_steps.step",
            "role": "rep_steps.role, rep_steps.step",
            "organisation": "rep_steps.previous_metric_id, rep_steps.metric_id",
        }.items() %}
        {% for column in ["actual", "base"] %}
        sum(rep_steps.{{ column }}) over (
            partition by rep_steps.period_type, rep_steps.period_start, {{ keys }}
        ) - rep_steps.{{ column }} as {{ scope }}_{{ column }},
        {% endfor %}
        count(*) over (
            partition by rep_steps.period_type, rep_steps.period_start, {{ keys }}
        ) - 1 as {{ scope }}_peers,
        {% endfor %}
        rep_steps.*
    from rep_steps
),

scoped as (
    select
        peered.*,
        case
            when peered.role_tier_peers >= 5 and peered.role_tier_actual > 0 then 'role_tier'
            when peered.role_actual > 0 then 'role'
            else 'organisation'
        end as peer_scope,
        -- a step without a goal of its own has what the step before and a goal on the rate give
        coalesce(
            peered.goal,
            peered.rate_goal * lag(peered.goal) over (
                partition by peered.rep_id, peered.period_type, peered.period_start
                order by peered.step asc nulls last
            )
        ) as implied_goal
    from peered
),

compared as (
    select
        scoped.*,
        case scoped.peer_scope
            {% for scope in ["role_tier", "role", "organisation"] %}
            when '{{ scope }}' then scoped.{{ scope }}_peers
            {% endfor %}
        end as peer_count,
        case scoped.peer_scope
            {% for scope in ["role_tier", "role", "organisation"] %}
            when '{{ scope }}' then scoped.{{ scope }}_actual / nullif(scoped.{{ scope }}_base, 0)
            {% endfor %}
        end as peer_rate,
        case
            when scoped.step = 1 then scoped.goal
            else coalesce(
                scoped.rate_goal,
                scoped.goal / nullif(
                    lag(scoped.implied_goal) over (
                        partition by scoped.rep_id, scoped.period_type, scoped.period_start
                        order by scoped.step asc nulls last
                    ), 0
                )
            )
        end as goal_factor
    from scoped
),

referenced as (
    select
        compared.*,
        coalesce(
            compared.goal_factor,
            case
                when compared.step = 1 then compared.peer_rate * compared.base
                else compared.peer_rate
            end
        ) as reference_factor
    from compared
),

-- what the chain leads to, step by step
chained as (
    select
        referenced.*,
        {{ settle('exp(
            sum(ln(nullif(greatest(referenced.reference_factor, 0), 0))) over (
                ' ~ up_to_step ~ '
            )
        )') }} as expected,
        min(case when referenced.reference_factor > 0 then 1 else 0 end) over (
            partition by referenced.rep_id, referenced.period_type, referenced.period_start
        ) as is_complete,
        max(case when referenced.metric_kind = 'leading' then referenced.step end) over (
            {{ up_to_step }}
        ) as leading_step,
        sum(case when referenced.goal_factor is null then 1 else 0 end) over (
            {{ up_to_step }}
        ) as peer_steps
    from referenced
),

-- a chain with a step that nothing is known about cannot be compared
final as (
    select
        {{ as_of_date() }} as as_of_date,
        rep_id,
        rep_name,
        team,
        role,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        step,
        last_step,
        metric_id,
        step_name,
        aggregation,
        unit,
        case when rate_kind = 'leading' then rate_metric_id end as leading_rate_metric_id,
        rate_name,
        cast(leading_step as integer) as leading_step,
        actual,
        goal,
        expected,
        cast(peer_steps as bigint) as peer_steps,
        peer_scope,
        cast(peer_count as bigint) as peer_count
    from chained
    where is_complete = 1
)

select * from final
