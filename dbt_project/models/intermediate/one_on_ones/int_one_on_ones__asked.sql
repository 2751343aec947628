with int_one_on_ones as (
    select * from {{ ref('int_one_on_ones') }}
),

int_one_on_one_metrics__worded as (
    select * from {{ ref('int_one_on_one_metrics__worded') }}
),

int_one_on_ones__agreed as (
    select * from {{ ref('int_one_on_ones__agreed') }}
),

int_one_on_ones__current as (
    select * from {{ ref('int_one_on_ones__current') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- what to ask, the most urgent first; bad luck is not asked about
questions as (
    select
        rep_id,
        week_start_date,
        10 as urgency,
        gap_words || ': leave, a broken integration, or no work? Until that is known, '
        || metric_name || ' cannot be judged.' as question
    from int_one_on_one_metrics__worded
    where status = 'data_suspect' and status_rank = 1
    union all
    select
        metrics.rep_id,
        metrics.week_start_date,
        20 as urgency,
        metrics.metric_name || ' is at ' || {{ floored_percent_text('metrics.attainment') }}
        || ' of the goal, more than bad luck explains' || coalesce(
            '. Most of the gap is due to ' || int_one_on_ones__current.factor_name
            || ': what happened?', ': what stands in the way?'
        ) as question
    from int_one_on_one_metrics__worded as metrics
    left join int_one_on_ones__current
        on
            metrics.rep_id = int_one_on_ones__current.rep_id
            and metrics.week_start_date = int_one_on_ones__current.week_start_date
            and metrics.metric_id = int_one_on_ones__current.diagnosed_metric_id
    where metrics.side = 'below' and metrics.is_proven and metrics.side_rank = 1
    union all
    select
        rep_id,
        week_start_date,
        case when verdict = 'too_early' then 50 else 30 end as urgency,
        'You agreed: ' || action || ' (' || metric_name || '). ' || case verdict
            when 'too_early' then 'How is it going?'
            when 'improved_beyond_chance'
                then 'It was followed by more than chance gives: what made it work?'
            when 'too_little_data' then 'Has it helped?'
            else 'The figures show no more than chance: go on with it, or try something else?'
        end as question
    from int_one_on_ones__agreed
    union all
    select
        rep_id,
        week_start_date,
        case when is_proven then 40 else 60 end as urgency,
        metric_name || ' is at ' || {{ floored_percent_text('attainment') }}
        || ' of the goal: what works that others could copy?' as question
    from int_one_on_one_metrics__worded
    where side = 'above' and side_rank = 1
    union all
    select
        int_one_on_ones__current.rep_id,
        int_one_on_ones__current.week_start_date,
        70 as urgency,
        'The chance to reach the month''s goal on ' || int_one_on_ones__current.pace_metric_name
        || ' is ' || {{ chance_text('int_one_on_ones__current.month_goal_probability') }}
        || ': what would have to happen?' as question
    from int_one_on_ones__current
    cross join int_constants
    where
        int_one_on_ones__current.month_goal_probability > 0
        and int_one_on_ones__current.month_goal_probability < int_constants.doubtful_chance
    union all
    select
        rep_id,
        week_start_date,
        80 as urgency,
        'Which of the best leads come first this week, and why?' as question
    from int_one_on_ones__current
    where lead_1_id is not null
    {% for question in [
        "What should stay as it is?",
        "What gets in the way that I can remove?",
        "What do you want to try next?",
    ] %}
    union all
    select
        rep_id,
        week_start_date,
        {{ 90 + loop.index }} as urgency,
        '{{ question }}' as question
    from int_one_on_ones
    {% endfor %}
),

ranked as (
    select
        questions.*,
        row_number() over (
            partition by rep_id, week_start_date order by urgency asc nulls last
        ) as question_rank
    from questions
    where question is not null
),

asked as (
    select
        rep_id,
        week_start_date,
        max(case when question_rank = 1 then question end) as question_1,
        max(case when question_rank = 2 then question end) as question_2,
        max(case when question_rank = 3 then question end) as question_3
    from ranked
    group by 1, 2
)

select * from asked
