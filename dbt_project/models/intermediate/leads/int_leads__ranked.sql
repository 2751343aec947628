with open_leads as (
    select * from {{ ref('int_crm__leads') }}
    where lead_state = 'open'
),

current_predictions as (
    select * from {{ ref('int_lead_predictions') }}
    where model_id = 'current'
),

lead_points as (
    select * from {{ ref('int_lead_points') }}
    where record_type = 'lead'
),

-- equal chances: the points decide, then the younger lead
final as (
    select
        open_leads.lead_id,
        open_leads.rep_id,
        open_leads.account_name,
        current_predictions.conversion_probability,
        cast(
            row_number() over (
                partition by open_leads.rep_id
                order by
                    current_predictions.conversion_probability desc nulls last,
                    coalesce(lead_points.icp_points, 0)
                    + coalesce(lead_points.rule_points, 0) desc nulls last,
                    open_leads.created_at desc nulls last,
                    open_leads.lead_id asc nulls last
            ) as bigint
        ) as rank_for_rep
    from open_leads
    inner join current_predictions
        on open_leads.lead_id = current_predictions.lead_id
    inner join lead_points
        on open_leads.lead_id = lead_points.record_id
)

select * from final
