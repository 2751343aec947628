{{ config(materialized='view') }}

select
    {{ as_of_date() }} as as_of_date,
    {{ goals_due_date() }} as goals_due_date
