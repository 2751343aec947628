with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

current_reps as (
    select
        rep_id,
        rep_name
    from int_crm__reps
    where is_current
),

next_working_days as (
    select
        rep_id,
        min(date_day) as next_working_date
    from int_rep_days
    where date_day > {{ as_of_date() }} and capacity > 0
    group by 1
),

versions as (
    select
        int_crm__reps.rep_version_id,
        int_crm__reps.rep_id,
        int_crm__reps.rep_name,
        int_crm__reps.email,
        int_crm__reps.manager_id,
        current_reps.rep_name as manager_name,
        int_crm__reps.team,
        int_crm__reps.region,
        int_crm__reps.role,
        int_crm__reps.tier,
        int_crm__reps.calendar,
        int_crm__reps.time_zone,
        int_crm__reps.fte,
        int_crm__reps.hire_date,
        int_crm__reps.end_date,
        int_crm__reps.valid_from,
        int_crm__reps.valid_to,
        int_crm__reps.is_current,
        int_crm__reps.is_current
        and coalesce(int_crm__reps.hire_date, {{ as_of_date() }}) <= {{ as_of_date() }}
        and coalesce(int_crm__reps.end_date, {{ as_of_date() }}) >= {{ as_of_date() }}
            as is_active,
        case when int_crm__reps.is_current then next_working_days.next_working_date end
            as next_working_date
    from int_crm__reps
    left join current_reps
        on int_crm__reps.manager_id = current_reps.rep_id
    left join next_working_days
        on int_crm__reps.rep_id = next_working_days.rep_id
),

-- what nobody owns belongs to this rep, so that the organisation is the sum of its reps
unassigned as (
    select
        'unassigned@1' as rep_version_id,
        'unassigned' as rep_id,
        'Unassigned' as rep_name,
        cast(null as {{ type_text() }}) as email,
        cast(null as {{ type_text() }}) as manager_id,
        cast(null as {{ type_text() }}) as manager_name,
        'Unassigned' as team,
        '' as region,
        '' as role,
        '' as tier,
        int_settings.default_calendar as calendar,
        int_settings.company_time_zone as time_zone,
        cast(0 as {{ type_double() }}) as fte,
        cast(null as date) as hire_date,
        cast(null as date) as end_date,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        true as is_current,
        false as is_active,
        cast(null as date) as next_working_date
    from int_settings
)

select * from versions
union all
select * from unassigned
