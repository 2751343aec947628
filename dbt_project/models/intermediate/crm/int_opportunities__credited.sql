with int_crm__opportunities as (
    select * from {{ ref('int_crm__opportunities') }}
),

sourced_opportunity_splits as (
    {{ source_records('opportunity_splits') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

known_reps as (
    select distinct rep_id from int_crm__reps
),

splits as (
    select
        opportunity_id,
        rep_id,
        split_ratio
    from sourced_opportunity_splits
    where not is_deleted
),

-- multiplies a deal by the reps who share it: their ratios sum to 1; a share of a rep that the
-- source does not know is kept as nobody's
credited as (
    select
        int_crm__opportunities.source,
        int_crm__opportunities.opportunity_id,
        coalesce(known_reps.rep_id, 'unassigned') as rep_id,
        coalesce(splits.split_ratio, 1) as split_ratio,
        int_crm__opportunities.opportunity_type,
        int_crm__opportunities.is_closed,
        int_crm__opportunities.is_won,
        int_crm__opportunities.company_amount,
        int_crm__opportunities.close_date,
        int_crm__opportunities.created_day,
        int_crm__opportunities.created_at
    from int_crm__opportunities
    left join splits
        on int_crm__opportunities.opportunity_id = splits.opportunity_id
    left join known_reps
        on coalesce(splits.rep_id, int_crm__opportunities.rep_id) = known_reps.rep_id
)

select * from credited
