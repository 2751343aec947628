with int_rep_scores as (
    select * from {{ ref('int_rep_scores') }}
    where purpose = 'period'
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
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

scored as (
    select
        int_rep_periods.*,
        int_rep_scores.score,
        int_rep_scores.leading_score,
        int_rep_scores.lagging_score,
        int_rep_scores.metrics_total,
        int_rep_scores.metrics_outstanding,
        int_rep_scores.metrics_ahead,
        int_rep_scores.metrics_on_track,
        int_rep_scores.metrics_watch,
        int_rep_scores.metrics_needing_intervention,
        int_rep_scores.metrics_too_little_data,
        int_rep_scores.metrics_no_goal,
        int_rep_scores.metrics_data_suspect,
        int_rep_scores.metrics_not_captured
    from int_rep_scores
    inner join int_rep_periods
        on
            int_rep_scores.rep_id = int_rep_periods.rep_id
            and int_rep_scores.period_type = int_rep_periods.period_type
            and int_rep_scores.period_start = int_rep_periods.period_start
),

ranked as (
    select
        scored.*,
        scored.metrics_data_suspect + scored.metrics_too_little_data
        + scored.metrics_not_captured + scored.metrics_no_goal as metrics_untold,
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
        {{ as_of_date() }} as as_of_date,
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
            "too_little_data", "no_goal", "data_suspect", "not_captured",
        ] %}
        cast(ranked.metrics_{{ column }} as bigint) as metrics_{{ column }},
        {% endfor %}
        ranked.capacity_days,
        -- a score is as honest as the metrics behind it: without a proven miss nobody needs
        -- intervention, without a proven excess nobody is outstanding
        case
            when
                ranked.metrics_untold = ranked.metrics_total or ranked.score is null
                then
                    case
                        when ranked.metrics_data_suspect > 0 then 'data_suspect'
                        when ranked.metrics_too_little_data > 0 then 'too_little_data'
                        when ranked.metrics_not_captured > 0 then 'not_captured'
                        else 'no_goal'
                    end
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
