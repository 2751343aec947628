with scorecard_rep_metrics as (
    select * from {{ ref('scorecard_rep_metrics') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_levels__resolved as (
    select * from {{ ref('int_levels__resolved') }}
),

current_reps as (
    select
        rep_id,
        rep_name
    from {{ ref('int_crm__reps') }}
    where is_current
),

capped as (
    select
        scorecard_rep_metrics.*,
        least(greatest(scorecard_rep_metrics.attainment, 0), int_settings.score_cap)
            as capped_attainment,
        case when scorecard_rep_metrics.attainment is not null then scorecard_rep_metrics.weight end
            as counted_weight
    from scorecard_rep_metrics
    cross join int_settings
),

scored as (
    select
        as_of_date,
        rep_id,
        rep_name,
        team,
        region,
        role,
        tier,
        manager_id,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        -- settled, for equal scores share a rank
        {{ settle('sum(capped_attainment * counted_weight) / nullif(sum(counted_weight), 0)') }}
            as score,
        {% for kind in ["leading", "lagging"] %}
        sum(case when metric_kind = '{{ kind }}' then capped_attainment * counted_weight end)
        / nullif(sum(case when metric_kind = '{{ kind }}' then counted_weight end), 0)
            as {{ kind }}_score,
        {% endfor %}
        count(*) as metrics_total,
        {% for status, column in {
            "outstanding": "outstanding", "ahead": "ahead", "on_track": "on_track",
            "watch": "watch", "needs_intervention": "needing_intervention",
            "too_little_data": "too_little_data", "no_goal": "no_goal",
            "data_suspect": "data_suspect",
        }.items() %}
        sum(case when status = '{{ status }}' then 1 else 0 end) as metrics_{{ column }},
        {% endfor %}
        max(capacity_days) as capacity_days
    from capped
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
),

ranked as (
    select
        scored.*,
        case
            when scored.score is not null
                then cast(
                    rank() over (
                        partition by scored.period_type, scored.period_start, scored.role
                        order by scored.score desc nulls last
                    ) as bigint
                )
        end as rank_in_role,
        sum(case when scored.score is not null then 1 else 0 end) over (
            partition by scored.period_type, scored.period_start, scored.role
        ) as reps_in_role
    from scored
),

final as (
    select
        ranked.as_of_date,
        ranked.rep_id,
        ranked.rep_name,
        ranked.team,
        ranked.region,
        ranked.role,
        ranked.tier,
        ranked.manager_id,
        current_reps.rep_name as manager_name,
        ranked.period_type,
        ranked.period_id,
        ranked.period_start,
        ranked.period_end,
        ranked.is_current,
        ranked.score,
        ranked.leading_score,
        ranked.lagging_score,
        int_levels__resolved.level as score_level,
        ranked.rank_in_role,
        cast(ranked.reps_in_role as bigint) as reps_in_role,
        ranked.metrics_total,
        {% for column in [
            "outstanding", "ahead", "on_track", "watch", "needing_intervention",
            "too_little_data", "no_goal", "data_suspect",
        ] %}
        cast(ranked.metrics_{{ column }} as bigint) as metrics_{{ column }},
        {% endfor %}
        ranked.capacity_days,
        -- a score is as honest as the metrics behind it: without a proven miss nobody needs
        -- intervention, without a proven excess nobody is outstanding
        case
            when ranked.metrics_no_goal = ranked.metrics_total then 'no_goal'
            when ranked.metrics_data_suspect > 0 then 'data_suspect'
            when
                ranked.score is null
                or ranked.metrics_too_little_data + ranked.metrics_no_goal = ranked.metrics_total
                then 'too_little_data'
            when
                int_levels__resolved.level = 'needs_intervention'
                and ranked.metrics_needing_intervention = 0
                then 'watch'
            when int_levels__resolved.level = 'outstanding' and ranked.metrics_outstanding = 0
                then 'ahead'
            else int_levels__resolved.level
        end as status
    from ranked
    left join current_reps
        on ranked.manager_id = current_reps.rep_id
    left join int_levels__resolved
        on
            int_levels__resolved.metric_id = ''
            and ranked.role = int_levels__resolved.role
            and ranked.score + 1e-9 >= int_levels__resolved.min_attainment
            and ranked.score + 1e-9 < int_levels__resolved.below_attainment
)

select * from final
