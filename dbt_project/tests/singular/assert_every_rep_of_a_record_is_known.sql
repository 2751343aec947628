{{ config(severity='warn') }}
-- a warning, for such records count for `unassigned`; remedy: add the rep to reps, or correct the
-- rep_id of the records
with int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_crm__opportunities as (
    select * from {{ ref('int_crm__opportunities') }}
),

named as (
    select
        'activities' as source_table,
        rep_id
    from int_rep_offsets
    where credited_rep_id <> rep_id
    union
    select
        'opportunities' as source_table,
        int_crm__opportunities.rep_id
    from int_crm__opportunities
    left join int_crm__reps
        on int_crm__opportunities.rep_id = int_crm__reps.rep_id
    where int_crm__reps.rep_id is null and int_crm__opportunities.rep_id <> 'unassigned'
)

select * from named
