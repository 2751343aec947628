{{ config(materialized='view', enabled=is_source_enabled('hubspot'), group='hubspot') }}

with stg_hubspot__owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

-- a person who left and came back is two owners with one e-mail address
users as (
    select
        owner_id as user_id,
        lower(email) as email,
        coalesce(lower(email), owner_id) as person,
        is_archived
    from stg_hubspot__owners
)

select * from users
