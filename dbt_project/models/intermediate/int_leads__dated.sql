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

int_rep_zones as (
    select * from {{ ref('int_rep_zones') }}
),

time_zone_days as (
    select * from {{ source('raw_reference', 'time_zone_days') }}
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
        sourced_leads.created_at,
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

-- one version per rep and moment, one row per zone and day: the joins do not multiply
dated as (
    select
        live.*,
        {{ local_date('live.created_at', 'created_days') }} as created_date,
        {{ local_date('live.converted_at', 'converted_days') }} as converted_date
    from live
    left join int_rep_zones
        on
            live.rep_id = int_rep_zones.rep_id
            and live.created_at >= int_rep_zones.effective_from
            and live.created_at < int_rep_zones.effective_to
    left join time_zone_days as created_days
        on
            int_rep_zones.time_zone = created_days.time_zone
            and cast(live.created_at as date) = created_days.utc_date
    left join time_zone_days as converted_days
        on
            int_rep_zones.time_zone = converted_days.time_zone
            and cast(live.converted_at as date) = converted_days.utc_date
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
