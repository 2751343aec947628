with int_scores__evidenced as (
    select * from {{ ref('int_scores__evidenced') }}
    where scope = 'rep'
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

capped as (
    select
        int_scores__evidenced.scope_id as rep_id,
        int_scores__evidenced.purpose,
        int_scores__evidenced.period_type,
        int_scores__evidenced.period_start,
        int_scores__evidenced.status,
        int_scorecard_metrics__resolved.metric_kind,
        {{ lower_of(
            higher_of('int_scores__evidenced.attainment', '0'), 'int_settings.score_cap'
        ) }}
            as capped_attainment,
        case
            when int_scores__evidenced.attainment is not null
                then int_scorecard_metrics__resolved.weight
        end as counted_weight
    from int_scores__evidenced
    inner join int_rep_periods
        on
            int_scores__evidenced.scope_id = int_rep_periods.rep_id
            and int_scores__evidenced.period_type = int_rep_periods.period_type
            and int_scores__evidenced.period_start = int_rep_periods.period_start
    inner join int_scorecard_metrics__resolved
        on
            int_rep_periods.role = int_scorecard_metrics__resolved.role
            and int_rep_periods.tier = int_scorecard_metrics__resolved.tier
            and int_scores__evidenced.metric_id = int_scorecard_metrics__resolved.metric_id
    cross join int_settings
),

scored as (
    select
        rep_id,
        purpose,
        period_type,
        period_start,
        -- settled, because equal scores share a rank
        {{ settle('sum(capped_attainment * counted_weight) / nullif(sum(counted_weight), 0)') }}
            as score,
        {% for kind in ["leading", "lagging"] %}
        sum(case when metric_kind = '{{ kind }}' then capped_attainment * counted_weight end)
        / nullif(sum(case when metric_kind = '{{ kind }}' then counted_weight end), 0)
            as {{ kind }}_score,
        {% endfor %}
        {% for status, column in {
            "outstanding": "outstanding", "ahead": "ahead", "on_track": "on_track",
            "watch": "watch", "needs_intervention": "needing_intervention",
            "too_little_data": "too_little_data", "no_goal": "no_goal",
            "data_suspect": "data_suspect", "not_captured": "not_captured",
        }.items() %}
        sum(case when status = '{{ status }}' then 1 else 0 end) as metrics_{{ column }},
        {% endfor %}
        count(*) as metrics_total
    from capped
    group by 1, 2, 3, 4
)

select * from scored
