with int_rep_periods__placed as (
    select * from {{ ref('int_rep_periods__placed') }}
),

int_team_coverages as (
    select * from {{ ref('int_team_coverages') }}
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
),

final as (
    select
        covered.*,
        int_team_coverages.usual_coverage_ratio
    from covered
    left join int_team_coverages
        on
            covered.period_type = int_team_coverages.period_type
            and covered.period_start = int_team_coverages.period_start
            and covered.team = int_team_coverages.team
)

select * from final
