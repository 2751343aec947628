{{ config(meta={'compared': true}) }}

with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_crm__activities as (
    select * from {{ ref('int_crm__activities') }}
),

known_reps as (
    select distinct rep_id from int_crm__reps
),

logged_reps as (
    select distinct rep_id from int_crm__activities
),

-- records of no rep, or of one that the source does not know, are kept: they are the
-- organisation's, dated in the company's time zone
unknown_reps as (
    select 'unassigned' as rep_id
    union
    select logged_reps.rep_id
    from logged_reps
    left join known_reps
        on logged_reps.rep_id = known_reps.rep_id
    where known_reps.rep_id is null
),

zones as (
    select
        rep_id,
        rep_id as credited_rep_id,
        effective_from,
        effective_to,
        time_zone
    from int_crm__reps
    union all
    select
        unknown_reps.rep_id,
        'unassigned' as credited_rep_id,
        cast('1900-01-01' as date) as effective_from,
        cast('9999-12-31' as date) as effective_to,
        int_settings.company_time_zone as time_zone
    from unknown_reps
    cross join int_settings
)

select * from zones
