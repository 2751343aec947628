{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

mapped as (
    select
        company_id as account_id,
        company_name as account_name,
        industry,
        country,
        employee_count,
        annual_revenue,
        cast(null as integer) as fiscal_year_end_month,
        is_deleted
    from stg_hubspot__companies
)

select * from mapped
