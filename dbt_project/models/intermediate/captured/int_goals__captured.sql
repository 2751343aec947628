{{ config(materialized='view') }}

with int_goals__daily as (
    select * from {{ ref('int_goals__daily') }}
),

int_metrics__begun as (
    select * from {{ ref('int_metrics__begun') }}
),

int_gap_days as (
    select * from {{ ref('int_gap_days') }}
),

rep_gaps as (
    select * from {{ ref('int_capture_gaps') }}
    where scope = 'rep'
),

-- the gaps of a rep do not overlap: no join multiplies a day
final as (
    select
        int_goals__daily.*,
        case
            when
                int_goals__daily.date_day >= int_metrics__begun.captured_from
                and int_gap_days.date_day is null
                then 1
            else 0
        end as captured,
        rep_gaps.scope_id is not null as is_rep_gap
    from int_goals__daily
    left join int_metrics__begun
        on
            int_goals__daily.metric_id = int_metrics__begun.metric_id
            and int_goals__daily.team = int_metrics__begun.team
    left join int_gap_days
        on
            int_goals__daily.metric_id = int_gap_days.metric_id
            and int_goals__daily.team = int_gap_days.team
            and int_goals__daily.date_day = int_gap_days.date_day
    left join rep_gaps
        on
            int_goals__daily.rep_id = rep_gaps.scope_id
            and int_goals__daily.date_day >= rep_gaps.first_day
            and int_goals__daily.date_day <= rep_gaps.last_day
)

select * from final
