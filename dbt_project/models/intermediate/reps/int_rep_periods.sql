with int_rep_periods__placed as (
    select * from {{ ref('int_rep_periods__placed') }}
),

int_team_coverages as (
    select * from {{ ref('int_team_coverages') }}
),

final as (
    select
        int_rep_periods__placed.*,
        int_rep_periods__placed.captured_days
        / nullif(cast(int_rep_periods__placed.work_days as {{ type_double() }}), 0)
            as coverage_ratio,
        int_team_coverages.team_coverage_ratio,
        int_team_coverages.usual_coverage_ratio
    from int_rep_periods__placed
    inner join int_team_coverages
        on
            int_rep_periods__placed.period_type = int_team_coverages.period_type
            and int_rep_periods__placed.period_start = int_team_coverages.period_start
            and int_rep_periods__placed.team = int_team_coverages.team
)

select * from final
