with int_factors__tested as (
    select * from {{ ref('int_factors__tested') }}
),

int_results__missed as (
    select * from {{ ref('int_results__missed') }}
),

int_diagnoses__worded as (
    select * from {{ ref('int_diagnoses__worded') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        int_factors__tested.rep_id,
        int_results__missed.rep_name,
        int_results__missed.team,
        int_factors__tested.role,
        int_factors__tested.period_type,
        int_results__missed.period_id,
        int_factors__tested.period_start,
        int_results__missed.period_end,
        int_results__missed.is_current,
        int_results__missed.metric_id,
        int_results__missed.unit,
        int_results__missed.actual,
        int_results__missed.reference,
        {{ settle('int_results__missed.gap') }} as gap,
        cast(int_factors__tested.factor_order as integer) as factor_order,
        int_factors__tested.factor_id,
        int_factors__tested.factor_name,
        int_factors__tested.factor_unit,
        int_factors__tested.step_metric_id,
        {{ settle('int_factors__tested.factor_actual') }} as factor_actual,
        {{ settle('int_factors__tested.factor_reference') }} as factor_reference,
        int_factors__tested.reference_source,
        case
            when int_factors__tested.reference_source = 'peers' then int_factors__tested.peer_scope
        end as peer_scope,
        case
            when int_factors__tested.reference_source = 'peers' then int_factors__tested.peer_count
        end as peer_count,
        {{ settle('int_factors__tested.contribution') }} as contribution,
        {{ settle('int_factors__tested.contribution / int_results__missed.gap') }}
            as share_of_gap,
        int_factors__tested.cause_rank = 1 as is_main_cause,
        int_factors__tested.z_score,
        int_factors__tested.evidence,
        int_factors__tested.leading_metric_id,
        int_diagnoses__worded.sentence
    from int_factors__tested
    inner join int_results__missed
        on
            int_factors__tested.rep_id = int_results__missed.rep_id
            and int_factors__tested.period_type = int_results__missed.period_type
            and int_factors__tested.period_start = int_results__missed.period_start
    inner join int_diagnoses__worded
        on
            int_factors__tested.rep_id = int_diagnoses__worded.rep_id
            and int_factors__tested.period_type = int_diagnoses__worded.period_type
            and int_factors__tested.period_start = int_diagnoses__worded.period_start
)

select * from final
