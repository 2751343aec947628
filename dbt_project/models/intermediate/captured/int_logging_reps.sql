with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_logging_roles as (
    select * from {{ ref('int_logging_roles') }}
),

-- who is employed on the as-of date, as they are on it
reps as (
    select
        int_crm__reps.rep_id,
        int_crm__reps.rep_name,
        int_crm__reps.team,
        int_crm__reps.role,
        int_crm__reps.manager_id
    from int_crm__reps
    inner join int_logging_roles
        on int_crm__reps.role = int_logging_roles.role
    where
        {{ as_of_date() }} >= int_crm__reps.effective_from
        and {{ as_of_date() }} < int_crm__reps.effective_to
        and {{ as_of_date() }} >= coalesce(int_crm__reps.hire_date, {{ as_of_date() }})
        and {{ as_of_date() }} <= coalesce(int_crm__reps.end_date, {{ as_of_date() }})
)

select * from reps
