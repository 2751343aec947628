{{ config(materialized='view') }}

with int_leads__dated as (
    select * from {{ ref('int_leads__dated') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- what happens after the as-of date is not known yet, so that a past day can be scored again
known as (
    select
        int_leads__dated.*,
        int_settings.lead_closed_statuses,
        coalesce(int_leads__dated.converted_date <= {{ as_of_date() }}, false) as is_converted
    from int_leads__dated
    cross join int_settings
    where int_leads__dated.created_date <= {{ as_of_date() }}
),

final as (
    select
        lead_id,
        rep_id,
        account_id,
        account_name,
        source,
        industry,
        employee_count,
        annual_revenue,
        country,
        job_title,
        status,
        created_at,
        created_date,
        case when is_converted then converted_date end as converted_date,
        decided_date,
        case
            when is_converted then 'converted'
            when
                status is not null
                and {{ is_listed('status', 'lead_closed_statuses') }} then 'closed'
            when decided_date <= {{ as_of_date() }} then 'expired'
            else 'open'
        end as lead_state,
        is_converted and converted_date <= decided_date as is_converted_in_time
    from known
)

select * from final
