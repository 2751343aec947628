with int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

scorecards as (
    select
        role,
        tier,
        sum(case when metric_kind = 'leading' then 1 else 0 end) as leading_count,
        sum(case when metric_kind = 'lagging' then 1 else 0 end) as lagging_count
    from int_scorecard_metrics__resolved
    group by 1, 2
),

judged as (
    select
        scorecards.*,
        int_settings.max_scorecard_metrics,
        int_settings.leading_per_lagging,
        case
            when
                scorecards.leading_count + scorecards.lagging_count
                > int_settings.max_scorecard_metrics
                then 'too_many_metrics'
            when
                scorecards.leading_count
                <> int_settings.leading_per_lagging * scorecards.lagging_count
                then 'unbalanced'
            else 'fine'
        end as verdict
    from scorecards
    cross join int_settings
),

final as (
    select
        judged.*,
        cast(leading_count as {{ type_text() }}) || ' leading and '
        || cast(lagging_count as {{ type_text() }})
        || ' lagging metrics.'
        || case verdict
            when 'too_many_metrics'
                then
                    ' Keep the ' || cast(max_scorecard_metrics as {{ type_text() }})
                    || ' with the most weight: more are not read.'
            when 'unbalanced'
                then
                    ' Aim at ' || cast(leading_per_lagging as {{ type_text() }})
                    || ' leading for each lagging: what a rep can act on, then the result.'
            else ''
        end as sentence
    from judged
)

select * from final
