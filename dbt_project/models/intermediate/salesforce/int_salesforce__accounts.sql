{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__accounts as (
    select * from {{ ref('stg_salesforce__accounts') }}
),

mapped as (
    select
        account_id,
        account_name,
        industry,
        country,
        employee_count,
        annual_revenue,
        cast(null as integer) as fiscal_year_end_month,
        is_deleted
    from stg_salesforce__accounts
)

select * from mapped
