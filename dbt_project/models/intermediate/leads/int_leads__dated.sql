{{ config(meta={'compared': true}) }}

with sourced_leads as (
    {{ source_records('leads') }}
),

sourced_accounts as (
    {{ source_records('accounts') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

known_reps as (
    select distinct rep_id from int_crm__reps
),

-- what the lead itself does not say is taken from its account; an id is one account
live as (
    select
        sourced_leads.lead_id,
        coalesce(known_reps.rep_id, 'unassigned') as rep_id,
        sourced_leads.account_id,
        sourced_accounts.account_name,
        sourced_leads.source,
        coalesce(sourced_leads.industry, sourced_accounts.industry) as industry,
        coalesce(sourced_leads.employee_count, sourced_accounts.employee_count)
            as employee_count,
        sourced_accounts.annual_revenue,
        coalesce(sourced_leads.country, sourced_accounts.country) as country,
        sourced_leads.job_title,
        sourced_leads.status,
        sourced_leads.created_day,
        sourced_leads.created_at,
        sourced_leads.converted_day,
        sourced_leads.converted_at
    from sourced_leads
    left join known_reps
        on sourced_leads.rep_id = known_reps.rep_id
    left join sourced_accounts
        on
            sourced_leads.account_id = sourced_accounts.account_id
            and not sourced_accounts.is_deleted
    where not sourced_leads.is_deleted
),

-- one offset per rep and moment: the joins do not multiply
dated as (
    select
        live.*,
        {{ local_date('live.created_at', 'at_creation', 'live.created_day') }} as created_date,
        {{ local_date('live.converted_at', 'at_conversion', 'live.converted_day') }}
            as converted_date
    from live
    left join int_rep_offsets as at_creation
        on
            live.rep_id = at_creation.rep_id
            and live.created_at >= at_creation.effective_from
            and live.created_at < at_creation.effective_to
    left join int_rep_offsets as at_conversion
        on
            live.rep_id = at_conversion.rep_id
            and live.converted_at >= at_conversion.effective_from
            and live.converted_at < at_conversion.effective_to
),

final as (
    select
        dated.lead_id,
        dated.rep_id,
        dated.account_id,
        dated.account_name,
        dated.source,
        dated.industry,
        dated.employee_count,
        dated.annual_revenue,
        dated.country,
        dated.job_title,
        dated.status,
        dated.created_at,
        dated.created_date,
        dated.converted_date,
        {{ add_days('dated.created_date', 'int_settings.lead_conversion_days') }} as decided_date
    from dated
    cross join int_settings
)

select * from final
