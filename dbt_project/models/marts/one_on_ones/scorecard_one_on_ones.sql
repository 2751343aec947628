with scorecard_one_on_one_metrics as (
    select * from {{ ref('scorecard_one_on_one_metrics') }}
),

scorecard_rep_metrics as (
    select * from {{ ref('scorecard_rep_metrics') }}
),

scorecard_reps as (
    select * from {{ ref('scorecard_reps') }}
),

scorecard_interventions as (
    select * from {{ ref('scorecard_interventions') }}
),

scorecard_diagnosis as (
    select * from {{ ref('scorecard_diagnosis') }}
),

lead_scores as (
    select * from {{ ref('lead_scores') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

statuses as (
    select * from {{ ref('statuses') }}
),

sheets as (
    select
        scorecard_reps.as_of_date,
        scorecard_reps.rep_id,
        scorecard_reps.rep_name,
        scorecard_reps.team,
        scorecard_reps.role,
        scorecard_reps.tier,
        scorecard_reps.manager_id,
        scorecard_reps.manager_name,
        scorecard_reps.period_id as week_id,
        scorecard_reps.period_start as week_start_date,
        scorecard_reps.period_end as week_end_date,
        scorecard_reps.is_current,
        min(scorecard_one_on_one_metrics.window_start_date) as window_start_date,
        max(scorecard_one_on_one_metrics.window_end_date) as window_end_date
    from scorecard_reps
    inner join scorecard_one_on_one_metrics
        on
            scorecard_reps.rep_id = scorecard_one_on_one_metrics.rep_id
            and scorecard_reps.period_start = scorecard_one_on_one_metrics.week_start_date
    where scorecard_reps.period_type = 'week'
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
),

scored as (
    select
        scorecard_one_on_one_metrics.rep_id,
        scorecard_one_on_one_metrics.week_start_date,
        {% for suffix in ["", "_week_before"] %}
        sum(
            scorecard_one_on_one_metrics.weight
            * least(
                greatest(scorecard_one_on_one_metrics.attainment{{ suffix }}, 0),
                int_settings.score_cap
            )
        )
        / nullif(
            sum(
                case
                    when scorecard_one_on_one_metrics.attainment{{ suffix }} is not null
                        then scorecard_one_on_one_metrics.weight
                end
            ), 0
        ) as score{{ suffix }},
        {% endfor %}
        cast(sum(
            case
                when
                    scorecard_one_on_one_metrics.status
                    <> scorecard_one_on_one_metrics.status_week_before
                    then 1
                else 0
            end
        ) as bigint) as metrics_moved
    from scorecard_one_on_one_metrics
    cross join int_settings
    group by 1, 2
),

named as (
    select
        scorecard_one_on_one_metrics.*,
        lower(statuses.status_name) as status_words,
        lower(statuses_week_before.status_name) as status_words_week_before
    from scorecard_one_on_one_metrics
    left join statuses
        on scorecard_one_on_one_metrics.status = statuses.status
    left join statuses as statuses_week_before
        on scorecard_one_on_one_metrics.status_week_before = statuses_week_before.status
),

-- what is proven comes first, then what is furthest from the goal
phrased as (
    select
        rep_id,
        week_start_date,
        metric_id,
        metric_name,
        status,
        attainment,
        coverage_ratio,
        metric_name || ': ' || status_words_week_before || ' to ' || status_words as moved,
        metric_name || ' ' || {{ floored_percent_text('attainment') }} || ' of goal' || case
            when status = 'outstanding' then ', more than luck explains'
            when status = 'ahead' then ', luck could explain it'
            when status = 'needs_intervention' then ', more than bad luck explains'
            when status = 'watch' then ', bad luck could explain it'
            else ''
        end as standing,
        row_number() over (
            partition by
                rep_id, week_start_date,
                case when status <> status_week_before then 1 else 0 end
            order by sort_order asc nulls last, metric_id asc nulls last
        ) as moved_rank,
        case when status <> status_week_before then 1 else 0 end as is_moved,
        row_number() over (
            partition by
                rep_id, week_start_date,
                case when status in ('outstanding', 'ahead') then 1 else 0 end
            order by
                case when status = 'outstanding' then 0 else 1 end asc nulls last,
                attainment desc nulls last,
                metric_id asc nulls last
        ) as win_rank,
        row_number() over (
            partition by
                rep_id, week_start_date,
                case when status in ('needs_intervention', 'watch') then 1 else 0 end
            order by
                case when status = 'needs_intervention' then 0 else 1 end asc nulls last,
                attainment asc nulls last,
                metric_id asc nulls last
        ) as miss_rank,
        row_number() over (
            partition by rep_id, week_start_date, status
            order by sort_order asc nulls last, metric_id asc nulls last
        ) as status_rank
    from named
),

listed as (
    select
        rep_id,
        week_start_date,
        {% for list, condition, rank, text in [
            ("changes", "is_moved = 1", "moved_rank", "moved"),
            ("wins", "status in ('outstanding', 'ahead')", "win_rank", "standing"),
            ("misses", "status in ('needs_intervention', 'watch')", "miss_rank", "standing"),
        ] %}
        {% for number in [1, 2, 3, 4] %}
        max(case when {{ condition }} and {{ rank }} = {{ number }} then {{ text }} end)
            as {{ list }}_{{ number }},
        {% endfor %}
        {% endfor %}
        max(case when status = 'data_suspect' and status_rank = 1 then metric_name end)
            as suspect_metric,
        max(case when status = 'data_suspect' then coverage_ratio end) as suspect_coverage_ratio
    from phrased
    group by 1, 2
),

-- pace is that of the heaviest result that adds up
pacing as (
    select
        rep_id,
        metric_id,
        metric_name,
        period_type,
        goal_probability,
        row_number() over (
            partition by rep_id, period_type
            order by
                case when metric_kind = 'lagging' then 0 else 1 end asc nulls last,
                weight desc nulls last,
                sort_order asc nulls last,
                metric_id asc nulls last
        ) as pace_rank
    from scorecard_rep_metrics
    where
        is_current
        and period_type in ('month', 'quarter')
        and goal_probability is not null
),

paced as (
    select
        rep_id,
        max(case when period_type = 'month' then metric_id end) as pace_metric_id,
        max(metric_name) as pace_metric_name,
        max(case when period_type = 'month' then goal_probability end) as month_goal_probability,
        max(case when period_type = 'quarter' then goal_probability end)
            as quarter_goal_probability
    from pacing
    where pace_rank = 1
    group by 1
),

-- of the last 13 weeks: a month that has just begun says nothing yet
diagnosed as (
    select
        rep_id,
        metric_id,
        factor_name,
        sentence
    from scorecard_diagnosis
    where is_main_cause and is_current and period_type = 'last_13_weeks'
),

leads as (
    select
        rep_id,
        {% for number in [1, 2, 3] %}
        max(case when rank_for_rep = {{ number }} then lead_id end) as lead_{{ number }}_id,
        max(
            case
                when rank_for_rep = {{ number }}
                    then
                        coalesce(account_name, lead_id) || coalesce(
                            ', ' || {{ chance_text('conversion_probability') }}
                            || ' to convert', ''
                        )
            end
        ) as lead_{{ number }},
        {% endfor %}
        count(*) as open_leads
    from lead_scores
    where is_open
    group by 1
),

-- the last two that were agreed on up to the week of the sheet
agreed as (
    select
        sheets.rep_id,
        sheets.week_start_date,
        scorecard_interventions.intervention_id,
        scorecard_interventions.metric_name,
        scorecard_interventions.action,
        scorecard_interventions.verdict,
        row_number() over (
            partition by sheets.rep_id, sheets.week_start_date
            order by scorecard_interventions.number_for_rep asc nulls last
        ) as agreed_rank
    from sheets
    inner join scorecard_interventions
        on
            sheets.rep_id = scorecard_interventions.rep_id
            and sheets.week_end_date >= scorecard_interventions.agreed_date
),

last_agreed as (
    select
        rep_id,
        week_start_date,
        max(case when agreed_rank = 1 then intervention_id end) as intervention_1_id,
        max(case when agreed_rank = 2 then intervention_id end) as intervention_2_id
    from agreed
    where agreed_rank <= 2
    group by 1, 2
),

-- what to ask, the most urgent first; bad luck is not asked about
questions as (
    select
        rep_id,
        week_start_date,
        10 as urgency,
        'Is the capture of activities working? Only '
        || {{ floored_percent_text('suspect_coverage_ratio') }}
        || ' of the working days have any. Until it does, ' || suspect_metric
        || ' cannot be judged.' as question
    from listed
    where suspect_metric is not null
    union all
    select
        phrased.rep_id,
        phrased.week_start_date,
        20 as urgency,
        phrased.metric_name || ' is at ' || {{ floored_percent_text('phrased.attainment') }}
        || ' of the goal, more than bad luck explains' || case
            when sheets.is_current and diagnosed.factor_name is not null
                then '. Most of the gap is due to ' || diagnosed.factor_name || ': what happened?'
            else ': what stands in the way?'
        end as question
    from phrased
    inner join sheets
        on
            phrased.rep_id = sheets.rep_id
            and phrased.week_start_date = sheets.week_start_date
    left join diagnosed
        on
            phrased.rep_id = diagnosed.rep_id
            and phrased.metric_id = diagnosed.metric_id
    where phrased.status = 'needs_intervention' and phrased.miss_rank = 1
    union all
    select
        rep_id,
        week_start_date,
        case when verdict = 'too_early' then 50 else 30 end as urgency,
        'You agreed: ' || action || ' (' || metric_name || '). ' || case
            when verdict = 'too_early' then 'How is it going?'
            when verdict = 'improved_beyond_chance'
                then 'It was followed by more than chance gives: what made it work?'
            when verdict = 'too_little_data' then 'Has it helped?'
            else 'The figures show no more than chance: go on with it, or try something else?'
        end as question
    from agreed
    where agreed_rank = 1
    union all
    select
        rep_id,
        week_start_date,
        case when status = 'outstanding' then 40 else 60 end as urgency,
        metric_name || ' is at ' || {{ floored_percent_text('attainment') }}
        || ' of the goal: what works that others could copy?' as question
    from phrased
    where status in ('outstanding', 'ahead') and win_rank = 1
    union all
    select
        sheets.rep_id,
        sheets.week_start_date,
        70 as urgency,
        'The chance to reach the month''s goal on ' || paced.pace_metric_name || ' is '
        || {{ chance_text('paced.month_goal_probability') }}
        || ': what would have to happen?' as question
    from sheets
    inner join paced
        on sheets.rep_id = paced.rep_id
    where sheets.is_current and paced.month_goal_probability < 0.5
    union all
    select
        sheets.rep_id,
        sheets.week_start_date,
        80 as urgency,
        'Which of the best leads come first this week, and why?' as question
    from sheets
    inner join leads
        on sheets.rep_id = leads.rep_id
    where sheets.is_current and leads.lead_1_id is not null
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
    from sheets
    {% endfor %}
),

ranked_questions as (
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
        {% for number in [1, 2, 3] %}
        max(case when question_rank = {{ number }} then question end) as question_{{ number }},
        {% endfor %}
        count(*) as questions
    from ranked_questions
    where question_rank <= 3
    group by 1, 2
),

final as (
    select
        sheets.as_of_date,
        sheets.rep_id,
        sheets.rep_name,
        sheets.team,
        sheets.role,
        sheets.tier,
        sheets.manager_id,
        sheets.manager_name,
        sheets.week_id,
        sheets.week_start_date,
        sheets.week_end_date,
        sheets.is_current,
        sheets.window_start_date,
        sheets.window_end_date,
        scored.score,
        scored.score_week_before,
        scored.metrics_moved,
        case
            when scored.score is null then 'No score: no metric has a goal in these four weeks.'
            when scored.score_week_before is null
                then
                    'Score ' || {{ floored_percent_text('scored.score') }}
                    || '; there is none of a week before.'
            else
                'Score ' || {{ floored_percent_text('scored.score') }} || ', a week before '
                || {{ floored_percent_text('scored.score_week_before') }} || '.'
        end as headline,
        {% for list, nothing in {
            "changes": "No status moved.",
            "wins": "Nothing stands out above the goal.",
            "misses": "Nothing is below its level.",
        }.items() %}
        coalesce(
            listed.{{ list }}_1
            {% for number in [2, 3, 4] %}
            || coalesce('; ' || listed.{{ list }}_{{ number }}, '')
            {% endfor %}
            || '.', '{{ nothing }}'
        ) as {{ list }},
        {% endfor %}
        case
            when listed.suspect_metric is not null
                then
                    'Activity was captured on only '
                    || {{ floored_percent_text('listed.suspect_coverage_ratio') }}
                    || ' of the working days: check the integration before you talk about figures.'
        end as data_problem,
        case when sheets.is_current then diagnosed.sentence end as diagnosis,
        case when sheets.is_current then paced.pace_metric_id end as pace_metric_id,
        case when sheets.is_current then paced.month_goal_probability end
            as month_goal_probability,
        case when sheets.is_current then paced.quarter_goal_probability end
            as quarter_goal_probability,
        case
            when not sheets.is_current then null
            when paced.month_goal_probability is null
                then 'No goal on a result that adds up: there is no pace to tell.'
            else
                paced.pace_metric_name || ': '
                || {{ chance_text('paced.month_goal_probability') }}
                || ' chance to reach the goal of the month'
                || coalesce(
                    ', ' || {{ chance_text('paced.quarter_goal_probability') }}
                    || ' that of the quarter', ''
                ) || '.'
        end as pace,
        {% for number in [1, 2, 3] %}
        case when sheets.is_current then leads.lead_{{ number }}_id end as lead_{{ number }}_id,
        case when sheets.is_current then leads.lead_{{ number }} end as lead_{{ number }},
        {% endfor %}
        last_agreed.intervention_1_id,
        last_agreed.intervention_2_id,
        asked.question_1,
        asked.question_2,
        asked.question_3
    from sheets
    left join scored
        on
            sheets.rep_id = scored.rep_id
            and sheets.week_start_date = scored.week_start_date
    left join listed
        on
            sheets.rep_id = listed.rep_id
            and sheets.week_start_date = listed.week_start_date
    left join paced
        on sheets.rep_id = paced.rep_id
    left join diagnosed
        on sheets.rep_id = diagnosed.rep_id
    left join leads
        on sheets.rep_id = leads.rep_id
    left join last_agreed
        on
            sheets.rep_id = last_agreed.rep_id
            and sheets.week_start_date = last_agreed.week_start_date
    left join asked
        on
            sheets.rep_id = asked.rep_id
            and sheets.week_start_date = asked.week_start_date
)

select * from final
