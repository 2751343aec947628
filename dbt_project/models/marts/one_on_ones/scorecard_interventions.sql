with int_interventions__judged as (
    select * from {{ ref('int_interventions__judged') }}
),

current_reps as (
    select
        rep_id,
        rep_name
    from {{ ref('int_crm__reps') }}
    where is_current
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        int_interventions__judged.intervention_id,
        int_interventions__judged.rep_id,
        current_reps.rep_name,
        int_interventions__judged.metric_id,
        int_interventions__judged.metric_name,
        int_interventions__judged.agreed_date,
        int_interventions__judged.action,
        int_interventions__judged.due_date,
        int_interventions__judged.note,
        int_interventions__judged.attainment_before,
        int_interventions__judged.attainment_after,
        int_interventions__judged.expected_after,
        int_interventions__judged.reliability,
        int_interventions__judged.z_after,
        int_interventions__judged.verdict,
        case int_interventions__judged.verdict
            when 'too_early' then 'Too early: four weeks are not over yet.'
            when 'too_little_data'
                then 'Cannot be judged: there is too little to compare it with.'
            else
                {{ floored_percent_text('int_interventions__judged.attainment_before') }}
                || ' of the goal in the four weeks before, '
                || {{ floored_percent_text('int_interventions__judged.attainment_after') }}
                || ' after; chance alone gives about '
                || {{ floored_percent_text('int_interventions__judged.expected_after') }} || '. '
                || case int_interventions__judged.verdict
                    when 'improved_beyond_chance' then 'Improved beyond chance.'
                    when 'fell_beyond_chance' then 'Fell by more than chance alone gives.'
                    else 'Within what chance alone gives.'
                end
        end as outcome,
        int_interventions__judged.number_for_rep
    from int_interventions__judged
    left join current_reps
        on int_interventions__judged.rep_id = current_reps.rep_id
)

select * from final
