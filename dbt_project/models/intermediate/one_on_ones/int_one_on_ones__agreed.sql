with int_one_on_ones as (
    select * from {{ ref('int_one_on_ones') }}
),

int_interventions__judged as (
    select * from {{ ref('int_interventions__judged') }}
),

ranked as (
    select
        int_one_on_ones.rep_id,
        int_one_on_ones.week_start_date,
        int_interventions__judged.intervention_id,
        int_interventions__judged.metric_name,
        int_interventions__judged.action,
        int_interventions__judged.verdict,
        row_number() over (
            partition by int_one_on_ones.rep_id, int_one_on_ones.week_start_date
            order by int_interventions__judged.number_for_rep asc nulls last
        ) as agreed_rank
    from int_one_on_ones
    inner join int_interventions__judged
        on
            int_one_on_ones.rep_id = int_interventions__judged.rep_id
            and int_one_on_ones.week_end_date >= int_interventions__judged.agreed_date
),

earlier as (
    select * from ranked
    where agreed_rank = 2
),

final as (
    select
        ranked.rep_id,
        ranked.week_start_date,
        ranked.intervention_id as intervention_1_id,
        earlier.intervention_id as intervention_2_id,
        ranked.metric_name,
        ranked.action,
        ranked.verdict
    from ranked
    left join earlier
        on
            ranked.rep_id = earlier.rep_id
            and ranked.week_start_date = earlier.week_start_date
    where ranked.agreed_rank = 1
)

select * from final
