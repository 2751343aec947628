with stg_files__interventions as (
    select * from {{ ref('stg_files__interventions') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
),

scorecard_rep_metrics as (
    select * from {{ ref('scorecard_rep_metrics') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

interventions as (
    select
        stg_files__interventions.intervention_id,
        stg_files__interventions.rep_id,
        stg_files__interventions.metric_id,
        stg_files__interventions.agreed_date,
        stg_files__interventions.action,
        stg_files__interventions.due_date,
        stg_files__interventions.note,
        int_rep_days.role,
        coalesce(metrics.metric_name, stg_files__interventions.metric_id) as metric_name,
        metrics.aggregation in ('count', 'sum') as is_additive,
        metrics.is_higher_better
    from stg_files__interventions
    left join metrics
        on stg_files__interventions.metric_id = metrics.metric_id
    left join int_rep_days
        on
            stg_files__interventions.rep_id = int_rep_days.rep_id
            and stg_files__interventions.agreed_date = int_rep_days.date_day
    where not stg_files__interventions.is_deleted
),

windows as (
    select
        intervention_id,
        'before' as side,
        rep_id,
        metric_id,
        {{ add_days('agreed_date', -27) }} as first_day,
        agreed_date as last_day
    from interventions
    union all
    select
        intervention_id,
        'after' as side,
        rep_id,
        metric_id,
        {{ add_days('agreed_date', 1) }} as first_day,
        {{ add_days('agreed_date', 28) }} as last_day
    from interventions
),

actuals as (
    select
        windows.intervention_id,
        windows.side,
        sum(int_metrics__daily.numerator) as numerator,
        sum(int_metrics__daily.denominator) as denominator
    from windows
    inner join int_metrics__daily
        on
            windows.rep_id = int_metrics__daily.rep_id
            and windows.metric_id = int_metrics__daily.metric_id
            and int_metrics__daily.date_day >= windows.first_day
            and int_metrics__daily.date_day <= windows.last_day
    group by 1, 2
),

-- a ratio's or mean's goal is not spread over days: it is the mean of what held on them
goals as (
    select
        windows.intervention_id,
        windows.side,
        sum(fct_goals_daily.daily_goal) as goal_sum,
        avg(fct_goals_daily.goal) as goal_mean
    from windows
    inner join fct_goals_daily
        on
            windows.rep_id = fct_goals_daily.rep_id
            and windows.metric_id = fct_goals_daily.metric_id
            and fct_goals_daily.date_day >= windows.first_day
            and fct_goals_daily.date_day <= windows.last_day
    group by 1, 2
),

reached as (
    select
        goals.intervention_id,
        goals.side,
        interventions.is_higher_better,
        case
            when interventions.is_additive then coalesce(actuals.numerator, 0)
            else actuals.numerator / nullif(actuals.denominator, 0)
        end as actual,
        case
            when interventions.is_additive then goals.goal_sum
            else goals.goal_mean
        end as goal
    from goals
    inner join interventions
        on goals.intervention_id = interventions.intervention_id
    left join actuals
        on
            goals.intervention_id = actuals.intervention_id
            and goals.side = actuals.side
),

attained as (
    select
        intervention_id,
        max(
            case
                when side = 'before'
                    then {{ attainment('actual', 'goal', 'is_higher_better') }}
            end
        ) as attainment_before,
        max(
            case
                when side = 'after'
                    then {{ attainment('actual', 'goal', 'is_higher_better') }}
            end
        ) as attainment_after
    from reached
    group by 1
),

-- what reps of the role reach in four weeks, over the last 52 closed weeks
four_weeks as (
    select
        scorecard_rep_metrics.role,
        scorecard_rep_metrics.metric_id,
        scorecard_rep_metrics.rep_id,
        floor(
            {{ dbt.datediff('scorecard_rep_metrics.period_end', as_of_date(), 'day') }} / 28e0
        ) as blocks_ago,
        scorecard_rep_metrics.aggregation in ('count', 'sum') as is_additive,
        scorecard_rep_metrics.is_higher_better,
        sum(scorecard_rep_metrics.numerator) as numerator,
        sum(scorecard_rep_metrics.denominator) as denominator,
        sum(scorecard_rep_metrics.goal_to_date) as goal_sum,
        avg(scorecard_rep_metrics.goal_to_date) as goal_mean,
        sum(scorecard_rep_metrics.capacity_days) as capacity_days
    from scorecard_rep_metrics
    where
        scorecard_rep_metrics.period_type = 'week'
        and not scorecard_rep_metrics.is_current
        and scorecard_rep_metrics.period_end > {{ add_days(as_of_date(), -364) }}
    group by 1, 2, 3, 4, 5, 6
),

four_weeks_attained as (
    select
        four_weeks.role,
        four_weeks.metric_id,
        four_weeks.rep_id,
        case
            when four_weeks.is_additive
                then
                    {{ attainment(
                        'four_weeks.numerator', 'four_weeks.goal_sum', 'four_weeks.is_higher_better'
                    ) }}
            else
                {{ attainment(
                    '(four_weeks.numerator / nullif(four_weeks.denominator, 0))',
                    'four_weeks.goal_mean', 'four_weeks.is_higher_better'
                ) }}
        end as attainment
    from four_weeks
    cross join int_settings
    where four_weeks.capacity_days >= int_settings.suspect_min_capacity_days
),

of_reps as (
    select
        role,
        metric_id,
        rep_id,
        cast(count(*) as {{ type_double() }}) as blocks,
        sum(attainment) as total,
        sum(attainment * attainment) - sum(attainment) * sum(attainment) / count(*)
            as squares_within
    from four_weeks_attained
    where attainment is not null
    group by 1, 2, 3
),

of_roles as (
    select
        role,
        metric_id,
        cast(count(*) as {{ type_double() }}) as reps,
        sum(blocks) as blocks,
        sum(total) / sum(blocks) as mean,
        greatest(sum(squares_within), 0) / nullif(sum(blocks) - count(*), 0) as within_variance,
        (sum(total * total / blocks) - sum(total) * sum(total) / sum(blocks))
        / nullif(count(*) - 1, 0) as mean_square_between,
        (sum(blocks) - sum(blocks * blocks) / sum(blocks)) / nullif(count(*) - 1, 0)
            as blocks_per_rep
    from of_reps
    group by 1, 2
),

-- analysis of variance: the share of what differs between two stretches of four weeks that is the
-- rep's own and stays
shrunk as (
    select
        role,
        metric_id,
        mean,
        within_variance,
        greatest((mean_square_between - within_variance) / nullif(blocks_per_rep, 0), 0)
        / nullif(
            greatest((mean_square_between - within_variance) / nullif(blocks_per_rep, 0), 0)
            + within_variance, 0
        ) as reliability
    from of_roles
),

-- who is chosen for being low is expected to come back towards the mean without any help
expected as (
    select
        interventions.*,
        attained.attainment_before,
        case
            when {{ add_days('interventions.agreed_date', 28) }} <= {{ goals_due_date() }}
                then attained.attainment_after
        end as attainment_after,
        shrunk.reliability,
        shrunk.mean
        + shrunk.reliability * (attained.attainment_before - shrunk.mean) as expected_after,
        sqrt(shrunk.within_variance * (1 + shrunk.reliability)) as expected_deviation
    from interventions
    left join attained
        on interventions.intervention_id = attained.intervention_id
    left join shrunk
        on
            interventions.role = shrunk.role
            and interventions.metric_id = shrunk.metric_id
),

weighed as (
    select
        expected.*,
        (expected.attainment_after - expected.expected_after)
        / nullif(expected.expected_deviation, 0) as z_after
    from expected
),

judged as (
    select
        weighed.*,
        case
            when {{ add_days('weighed.agreed_date', 28) }} > {{ goals_due_date() }} then 'too_early'
            when weighed.z_after is null then 'too_little_data'
            when weighed.z_after >= 1.96 then 'improved_beyond_chance'
            when weighed.z_after <= -1.96 then 'fell_beyond_chance'
            else 'within_chance'
        end as verdict
    from weighed
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        judged.intervention_id,
        judged.rep_id,
        int_crm__reps.rep_name,
        judged.metric_id,
        judged.metric_name,
        judged.agreed_date,
        judged.action,
        judged.due_date,
        judged.note,
        judged.attainment_before,
        judged.attainment_after,
        judged.expected_after,
        judged.reliability,
        judged.z_after,
        judged.verdict,
        case
            when judged.verdict = 'too_early' then 'Too early: four weeks are not over yet.'
            when judged.verdict = 'too_little_data'
                then 'Cannot be judged: there is too little to compare it with.'
            else
                {{ floored_percent_text('judged.attainment_before') }}
                || ' of the goal in the four weeks before, '
                || {{ floored_percent_text('judged.attainment_after') }}
                || ' after; chance alone gives about '
                || {{ floored_percent_text('judged.expected_after') }} || '. '
                || case judged.verdict
                    when 'improved_beyond_chance' then 'Improved beyond chance.'
                    when 'fell_beyond_chance' then 'Fell by more than chance alone gives.'
                    else 'Within what chance alone gives.'
                end
        end as outcome,
        cast(
            row_number() over (
                partition by judged.rep_id
                order by judged.agreed_date desc nulls last, judged.intervention_id desc nulls last
            ) as bigint
        ) as number_for_rep
    from judged
    left join int_crm__reps
        on
            judged.rep_id = int_crm__reps.rep_id
            and int_crm__reps.is_current
)

select * from final
