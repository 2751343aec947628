with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_goals__unioned as (
    select * from {{ ref('int_goals__unioned') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- rep > team > role + tier > role > region > org
matches as (
    select
        int_crm__reps.rep_version_id,
        int_crm__reps.effective_from,
        int_crm__reps.effective_to,
        int_goals__unioned.goal_id,
        int_goals__unioned.metric_id,
        coalesce(int_goals__unioned.valid_from, cast('1900-01-01' as date)) as goal_from,
        coalesce(int_goals__unioned.valid_to, cast('9999-12-31' as date)) as goal_to,
        case int_goals__unioned.scope
            when 'rep' then 5
            when 'team' then 4
            when 'role' then case when int_goals__unioned.tier <> '' then 3 else 2 end
            when 'region' then 1
            else 0
        end as specificity
    from int_crm__reps
    inner join int_goals__unioned
        on
            (int_goals__unioned.tier = '' or int_goals__unioned.tier = int_crm__reps.tier)
            and (
                int_goals__unioned.scope = 'org'
                or int_goals__unioned.scope_value = case int_goals__unioned.scope
                    when 'rep' then int_crm__reps.rep_id
                    when 'team' then int_crm__reps.team
                    when 'role' then int_crm__reps.role
                    when 'region' then int_crm__reps.region
                end
            )
),

measured as (
    select
        int_crm__reps.rep_version_id,
        int_scorecard_metrics__resolved.metric_id,
        int_crm__reps.effective_from,
        int_crm__reps.effective_to
    from int_crm__reps
    inner join int_scorecard_metrics__resolved
        on
            int_crm__reps.role = int_scorecard_metrics__resolved.role
            and int_crm__reps.tier = int_scorecard_metrics__resolved.tier
    union
    select
        rep_version_id,
        metric_id,
        effective_from,
        effective_to
    from matches
),

-- the days on which the answer may change: the version begins, a goal begins, a goal ends
turning_points as (
    select
        rep_version_id,
        metric_id,
        effective_to,
        effective_from as valid_from
    from measured
    union
    select
        rep_version_id,
        metric_id,
        effective_to,
        goal_from as valid_from
    from matches
    where goal_from > effective_from and goal_from < effective_to
    union
    select
        rep_version_id,
        metric_id,
        effective_to,
        goal_to as valid_from
    from matches
    where goal_to > effective_from and goal_to < effective_to
),

stretches as (
    select
        rep_version_id,
        metric_id,
        valid_from,
        lead(valid_from, 1, effective_to) over (
            partition by rep_version_id, metric_id order by valid_from asc nulls last
        ) as valid_to
    from turning_points
),

ranked as (
    select
        stretches.rep_version_id,
        stretches.metric_id,
        stretches.valid_from,
        stretches.valid_to,
        matches.goal_id,
        row_number() over (
            partition by stretches.rep_version_id, stretches.metric_id, stretches.valid_from
            order by matches.specificity desc nulls last, matches.goal_id asc nulls last
        ) as preference
    from stretches
    left join matches
        on
            stretches.rep_version_id = matches.rep_version_id
            and stretches.metric_id = matches.metric_id
            and stretches.valid_from >= matches.goal_from
            and stretches.valid_from < matches.goal_to
),

final as (
    select
        int_crm__reps.rep_id,
        ranked.rep_version_id,
        ranked.metric_id,
        ranked.valid_from,
        ranked.valid_to,
        metrics.aggregation in ('count', 'sum') as is_additive,
        ranked.goal_id,
        int_goals__unioned.goal,
        int_goals__unioned.period,
        int_goals__unioned.timing
    from ranked
    inner join int_crm__reps
        on ranked.rep_version_id = int_crm__reps.rep_version_id
    inner join metrics
        on ranked.metric_id = metrics.metric_id
    left join int_goals__unioned
        on ranked.goal_id = int_goals__unioned.goal_id
    where ranked.preference = 1
)

select * from final
