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

int_leads__ranked as (
    select * from {{ ref('int_leads__ranked') }}
),

current_reps as (
    select
        rep_id,
        rep_name
    from {{ ref('int_crm__reps') }}
    where is_current
),

-- one current version per rep, one row per lead in the others: nothing multiplies
final as (
    select
        {{ as_of_date() }} as as_of_date,
        int_crm__leads.lead_id,
        int_crm__leads.rep_id,
        case
            when int_crm__leads.rep_id = 'unassigned' then 'Unassigned'
            else current_reps.rep_name
        end as rep_name,
        int_crm__leads.account_id,
        int_crm__leads.account_name,
        int_crm__leads.created_at,
        int_crm__leads.created_date,
        int_crm__leads.source,
        int_crm__leads.industry,
        int_crm__leads.employee_count,
        int_crm__leads.annual_revenue,
        int_crm__leads.country,
        int_crm__leads.job_title,
        int_crm__leads.status,
        int_crm__leads.lead_state,
        int_crm__leads.lead_state = 'open' as is_open,
        lead_points.icp_points,
        lead_points.icp_fit,
        lead_points.rule_points,
        current_predictions.conversion_probability,
        current_predictions.probability_base,
        int_leads__ranked.rank_for_rep,
        case when int_crm__leads.lead_state = 'open' then current_predictions.reasons end
            as reasons,
        current_predictions.score_state
    from int_crm__leads
    inner join current_predictions
        on int_crm__leads.lead_id = current_predictions.lead_id
    inner join lead_points
        on int_crm__leads.lead_id = lead_points.record_id
    left join int_leads__ranked
        on int_crm__leads.lead_id = int_leads__ranked.lead_id
    left join current_reps
        on int_crm__leads.rep_id = current_reps.rep_id
)

select * from final
