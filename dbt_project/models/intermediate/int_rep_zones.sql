with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- records without a rep are dated in the company's time zone
zones as (
    select
        rep_id,
        effective_from,
        effective_to,
        time_zone
    from int_crm__reps
    union all
    select
        'unassigned' as rep_id,
        cast('1900-01-01' as date) as effective_from,
        cast('9999-12-31' as date) as effective_to,
        company_time_zone as time_zone
    from int_settings
)

select * from zones
