with int_rep_periods__placed as (
    select * from {{ ref('int_rep_periods__placed') }}
),

covered as (
    select
        int_rep_periods__placed.*,
        captured_days / nullif(cast(work_days as {{ type_double() }}), 0) as coverage_ratio,
        sum(captured_days) over (partition by period_type, period_start, team)
        / nullif(
            cast(
                sum(work_days) over (partition by period_type, period_start, team)
                as {{ type_double() }}
            ), 0
        ) as team_coverage_ratio
    from int_rep_periods__placed
)

select * from covered
