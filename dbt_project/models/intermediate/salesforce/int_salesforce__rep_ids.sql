{{ config(materialized='table', meta={'compared': true}) }}

with stg_salesforce__users as (
    select * from {{ ref('stg_salesforce__users') }}
),

{{ match_reps('salesforce', users='stg_salesforce__users', user_id='user_id') }}

select * from matched
