{{ config(enabled=is_source_enabled('hubspot'), group='hubspot', access='private') }}

with source as (
    select * from {{ source('raw_hubspot', 'contact') }}
),

renamed as (
    select
        {{ clean_text('id') }} as contact_id,
        {{ clean_text('hubspot_owner_id') }} as owner_id,
        {{ clean_text('associatedcompanyid') }} as company_id,
        {{ clean_text('custom_source') }} as custom_source,
        {{ clean_text('hs_analytics_source') }} as source,
        {{ clean_text('industry') }} as industry,
        {{ clean_text('country') }} as country,
        {{ clean_text('jobtitle') }} as job_title,
        {{ clean_text('lifecyclestage') }} as lifecycle_stage,
        {{ clean_text('hs_lead_status') }} as lead_status,
        {{ iso_timestamp('createdate') }} as created_at,
        {{ iso_timestamp('hs_lifecyclestage_opportunity_date') }} as opportunity_at,
        {{ iso_timestamp('hs_lifecyclestage_customer_date') }} as customer_at,
        {{ is_true('_is_deleted') }} as is_deleted
    from source
)

select * from renamed
