{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__users as (
    select * from {{ ref('stg_salesforce__users') }}
),

-- a deactivated user is activated again, so each user is a person
users as (
    select
        user_id,
        lower(email) as email,
        user_id as person,
        false as is_archived
    from stg_salesforce__users
)

select * from users
