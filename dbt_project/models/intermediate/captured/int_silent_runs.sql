with int_usual_days as (
    select * from {{ ref('int_usual_days') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

numbered as (
    select
        scope,
        scope_id,
        kind,
        date_day,
        is_silent,
        sum(case when is_silent then 0 else 1 end) over (
            partition by scope, scope_id, kind
            order by date_day asc nulls last
            rows between unbounded preceding and current row
        ) as run_number
    from int_usual_days
),

-- chance explains any run of two: after the longest history without a silent day one has 1 chance
-- in 67
runs as (
    select
        scope,
        scope_id,
        kind,
        min(date_day) as first_day,
        max(date_day) as last_day,
        count(*) as silent_days
    from numbered
    where is_silent
    group by scope, scope_id, kind, run_number
    having count(*) > 2
),

final as (
    select
        runs.scope,
        runs.scope_id,
        runs.kind,
        runs.first_day,
        runs.last_day,
        runs.silent_days,
        count(int_usual_days.date_day) as days_before,
        coalesce(sum(case when int_usual_days.is_silent then 1 else 0 end), 0) as silent_before
    from runs
    cross join int_constants
    left join int_usual_days
        on
            runs.scope = int_usual_days.scope
            and runs.scope_id = int_usual_days.scope_id
            and runs.kind = int_usual_days.kind
            and int_usual_days.date_day < runs.first_day
            and int_usual_days.date_day
            >= {{ add_days('runs.first_day', '-int_constants.gap_history_days') }}
    group by 1, 2, 3, 4, 5, 6
)

select * from final
