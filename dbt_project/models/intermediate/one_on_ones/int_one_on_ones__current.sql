with int_one_on_ones as (
    select * from {{ ref('int_one_on_ones') }}
    where is_current
),

int_rep_cards as (
    select * from {{ ref('int_rep_cards') }}
    where purpose = 'period' and is_current and period_type in ('month', 'quarter')
),

int_scores__projected as (
    select * from {{ ref('int_scores__projected') }}
    where is_additive and goal_period > 0
),

-- a month that has just begun has no evidence yet
diagnoses as (
    select * from {{ ref('int_diagnoses__worded') }}
    where is_current and period_type = 'last_13_weeks'
),

int_rep_leads__listed as (
    select * from {{ ref('int_rep_leads__listed') }}
),

-- the pace is that of the additive result with the largest weight
ranked as (
    select
        int_rep_cards.rep_id,
        int_rep_cards.metric_id,
        int_rep_cards.metric_name,
        int_rep_cards.period_type,
        int_scores__projected.goal_probability,
        rank() over (
            partition by int_rep_cards.rep_id
            order by
                case when int_rep_cards.metric_kind = 'lagging' then 0 else 1 end asc nulls last,
                int_rep_cards.weight desc nulls last,
                int_rep_cards.sort_order asc nulls last,
                int_rep_cards.metric_id asc nulls last
        ) as pace_rank
    from int_rep_cards
    inner join int_scores__projected
        on
            int_rep_cards.rep_id = int_scores__projected.scope_id
            and int_rep_cards.metric_id = int_scores__projected.metric_id
            and int_rep_cards.period_type = int_scores__projected.period_type
            and int_rep_cards.period_start = int_scores__projected.period_start
),

-- a chance of exactly 0 or 1 is none: the goal is out of reach, or reached
paced as (
    select
        rep_id,
        {% for period in ["month", "quarter"] %}
        max(case when period_type = '{{ period }}' then goal_probability end)
            as {{ period }}_goal_probability,
        max(
            case
                when period_type <> '{{ period }}' or goal_probability is null then null
                when goal_probability >= 1 then 'the goal of the {{ period }} is reached'
                when goal_probability <= 0 then 'the goal of the {{ period }} is out of reach'
                else
                    {{ chance_text('goal_probability') }}
                    || ' chance to reach the goal of the {{ period }}'
            end
        ) as {{ period }}_words,
        {% endfor %}
        max(metric_id) as pace_metric_id,
        max(metric_name) as pace_metric_name
    from ranked
    where pace_rank = 1
    group by 1
),

final as (
    select
        int_one_on_ones.rep_id,
        int_one_on_ones.week_start_date,
        diagnoses.metric_id as diagnosed_metric_id,
        diagnoses.factor_name,
        coalesce(
            diagnoses.sentence,
            'Not known: the role has no funnel, a step of it has neither goal nor peers to compare'
            || ' with, or activity did not reach us.'
        ) as diagnosis,
        paced.pace_metric_id,
        paced.pace_metric_name,
        paced.month_goal_probability,
        paced.quarter_goal_probability,
        case
            when paced.pace_metric_id is null
                then 'Not known: no result that adds up has a goal, so there is no pace to tell.'
            when paced.month_words is null and paced.quarter_words is null
                then
                    'Not known: ' || paced.pace_metric_name
                    || ' has too little history to tell a chance to reach its goal.'
            else
                paced.pace_metric_name || ': ' || coalesce(
                    paced.month_words || '; ' || paced.quarter_words,
                    paced.month_words, paced.quarter_words
                ) || '.'
        end as pace,
        int_rep_leads__listed.lead_1_id,
        int_rep_leads__listed.lead_1,
        int_rep_leads__listed.lead_2_id,
        int_rep_leads__listed.lead_2,
        int_rep_leads__listed.lead_3_id,
        int_rep_leads__listed.lead_3
    from int_one_on_ones
    left join paced
        on int_one_on_ones.rep_id = paced.rep_id
    left join diagnoses
        on int_one_on_ones.rep_id = diagnoses.rep_id
    left join int_rep_leads__listed
        on int_one_on_ones.rep_id = int_rep_leads__listed.rep_id
)

select * from final
