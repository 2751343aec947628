with int_factors__tested as (
    select * from {{ ref('int_factors__tested') }}
),

int_results__missed as (
    select * from {{ ref('int_results__missed') }}
),

results as (
    select * from {{ ref('int_funnels__chained') }}
    where step = last_step
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

missed as (
    select
        int_results__missed.rep_id,
        int_results__missed.period_type,
        int_results__missed.period_start,
        int_results__missed.is_current,
        int_results__missed.metric_id,
        int_factors__tested.factor_name,
        int_results__missed.result_name || ': '
        || {{ value_text('(-int_results__missed.gap)', 'int_results__missed.unit') }}
        || case
            when int_results__missed.has_goal then ' below the goal of '
            else ' below the peers'' '
        end
        || {{ value_text('int_results__missed.reference', 'int_results__missed.unit') }} || '. '
        || case
            when
                int_factors__tested.contribution > int_factors__tested.least_contribution
                or int_factors__tested.scored_actual is null
                then 'The goal itself asks for more than its funnel gives. '
            else ''
        end
        || case
            when int_factors__tested.scored_actual is null then ''
            else
                'Main cause: ' || int_factors__tested.factor_name || ', '
                || {{ value_text(
                    'int_factors__tested.factor_actual', 'int_factors__tested.factor_unit'
                ) }}
                || ' instead of '
                || {{ value_text(
                    'int_factors__tested.factor_reference', 'int_factors__tested.factor_unit'
                ) }} || ' ('
                || case
                    when int_factors__tested.contribution < int_results__missed.gap
                        then 'more than the whole gap'
                    else
                        {{ percent_text(
                            '(int_factors__tested.contribution / int_results__missed.gap)'
                        ) }}
                        || ' of the gap'
                end
                || case
                    when int_factors__tested.evidence = 'proven_miss' then ''
                    else ', could be luck'
                end
                || ').'
                || coalesce(' What to raise: ' || metrics.metric_name || '.', '')
        end as sentence
    from int_factors__tested
    inner join int_results__missed
        on
            int_factors__tested.rep_id = int_results__missed.rep_id
            and int_factors__tested.period_type = int_results__missed.period_type
            and int_factors__tested.period_start = int_results__missed.period_start
    cross join int_settings
    left join metrics
        on int_factors__tested.leading_metric_id = metrics.metric_id
    where int_factors__tested.cause_rank = 1
),

-- no miss is said only where a result was compared
final as (
    select * from missed
    union all
    select
        results.rep_id,
        results.period_type,
        results.period_start,
        results.is_current,
        results.metric_id,
        cast(null as {{ type_text() }}) as factor_name,
        results.step_name || ': '
        || {{ value_text('results.actual', 'results.unit') }}
        || case when results.goal is null then ', of the peers'' ' else ', of the goal of ' end
        || {{ value_text('coalesce(results.goal, results.expected)', 'results.unit') }}
        || ': no miss to explain.' as sentence
    from results
    cross join int_settings
    left join missed
        on
            results.rep_id = missed.rep_id
            and results.period_type = missed.period_type
            and results.period_start = missed.period_start
    where
        missed.rep_id is null
        and floor(results.actual + 0.5e0)
        >= floor(coalesce(results.goal, results.expected) + 0.5e0)
)

select * from final
