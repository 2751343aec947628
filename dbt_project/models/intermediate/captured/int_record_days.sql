with int_activities__counted_daily as (
    select * from {{ ref('int_activities__counted_daily') }}
),

int_crm__opportunities as (
    select * from {{ ref('int_crm__opportunities') }}
),

int_other_moments as (
    select * from {{ ref('int_other_moments') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

known_reps as (
    select distinct rep_id from int_rep_days
),

-- a deal is a record of its owner, whoever shares it
moments as (
    select
        coalesce(known_reps.rep_id, 'unassigned') as rep_id,
        'opportunities' as source_table,
        coalesce(int_crm__opportunities.opportunity_type, '') as kind,
        int_crm__opportunities.created_day as happened_day,
        int_crm__opportunities.created_at as happened_at
    from int_crm__opportunities
    left join known_reps
        on int_crm__opportunities.rep_id = known_reps.rep_id
    where int_crm__opportunities.created_at is not null
    union all
    select
        coalesce(known_reps.rep_id, 'unassigned') as rep_id,
        'opportunities' as source_table,
        coalesce(int_crm__opportunities.opportunity_type, '') as kind,
        int_crm__opportunities.close_date as happened_day,
        cast(int_crm__opportunities.close_date as timestamp) as happened_at
    from int_crm__opportunities
    left join known_reps
        on int_crm__opportunities.rep_id = known_reps.rep_id
    where int_crm__opportunities.is_closed and int_crm__opportunities.close_date is not null
    union all
    select
        rep_id,
        source_table,
        '' as kind,
        happened_day,
        happened_at
    from int_other_moments
    where happened_at is not null
),

-- one offset per rep and moment: the join does not multiply
unioned as (
    select
        rep_id,
        'activities' as source_table,
        coalesce(activity_type, '') as kind,
        date_day
    from int_activities__counted_daily
    union
    select
        moments.rep_id,
        moments.source_table,
        moments.kind,
        {{ local_date('moments.happened_at', 'int_rep_offsets', 'moments.happened_day') }}
            as date_day
    from moments
    left join int_rep_offsets
        on
            moments.rep_id = int_rep_offsets.rep_id
            and moments.happened_at >= int_rep_offsets.effective_from
            and moments.happened_at < int_rep_offsets.effective_to
),

final as (
    select
        unioned.rep_id,
        int_rep_days.team,
        unioned.source_table,
        unioned.kind,
        unioned.date_day
    from unioned
    left join int_rep_days
        on
            unioned.rep_id = int_rep_days.rep_id
            and unioned.date_day = int_rep_days.date_day
    where unioned.date_day <= {{ as_of_date() }}
)

select * from final
