with int_crm__leads as (
    select * from {{ ref('int_crm__leads') }}
),

current_predictions as (
    select * from {{ ref('int_lead_predictions') }}
    where model_id = 'current'
),

lead_points as (
    select * from {{ ref('int_lead_points') }}
    where record_type = 'lead'
),

current_reps as (
    select
        rep_id,
        rep_name
    from {{ ref('int_crm__reps') }}
    where is_current
),

-- one current version per rep, one row per lead in the others: nothing multiplies
scored as (
    select
        int_crm__leads.*,
        int_crm__leads.lead_state = 'open' as is_open,
        current_reps.rep_name,
        lead_points.icp_points,
        lead_points.icp_fit,
        lead_points.rule_points,
        current_predictions.conversion_probability,
        current_predictions.probability_base,
        current_predictions.score_state,
        case when int_crm__leads.lead_state = 'open' then current_predictions.reasons end
            as reasons
    from int_crm__leads
    inner join current_predictions
        on int_crm__leads.lead_id = current_predictions.lead_id
    inner join lead_points
        on int_crm__leads.lead_id = lead_points.record_id
    left join current_reps
        on int_crm__leads.rep_id = current_reps.rep_id
),

-- equal chances: the points decide, then the younger lead
final as (
    select
        {{ as_of_date() }} as as_of_date,
        lead_id,
        rep_id,
        case when rep_id = 'unassigned' then 'Unassigned' else rep_name end as rep_name,
        account_id,
        account_name,
        created_at,
        created_date,
        source,
        industry,
        employee_count,
        annual_revenue,
        country,
        job_title,
        status,
        lead_state,
        is_open,
        icp_points,
        icp_fit,
        rule_points,
        conversion_probability,
        probability_base,
        case
            when is_open
                then cast(
                    row_number() over (
                        partition by rep_id, is_open
                        order by
                            conversion_probability desc nulls last,
                            coalesce(icp_points, 0) + coalesce(rule_points, 0) desc nulls last,
                            created_at desc nulls last,
                            lead_id asc nulls last
                    ) as bigint
                )
        end as rank_for_rep,
        reasons,
        score_state
    from scored
)

select * from final
