with int_factors__tested as (
    select * from {{ ref('int_factors__tested') }}
),

int_results__missed as (
    select * from {{ ref('int_results__missed') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

final as (
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
)

select * from final
