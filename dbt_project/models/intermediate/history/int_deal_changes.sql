with sourced_opportunities as (
    {{ source_records('opportunities') }}
),

sourced_opportunity_splits as (
    {{ source_records('opportunity_splits') }}
),

int_figures__published as (
    select * from {{ ref('int_figures__published') }}
),

int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_metric_rules as (
    select * from {{ ref('int_metric_rules') }}
),

first_publication as (
    select min(published_at) as published_at from int_figures__published
),

first_load as (
    select min(modified_at) as loaded_at from sourced_opportunities
),

deals as (
    select
        sourced_opportunities.opportunity_id,
        sourced_opportunities.rep_id,
        lower(sourced_opportunities.opportunity_type) as opportunity_type,
        cast(sourced_opportunities.created_at as date) as created_date,
        sourced_opportunities.close_date,
        sourced_opportunities.is_deleted,
        sourced_opportunities.created_at as entered_at,
        case
            when
                sourced_opportunities.modified_at > first_load.loaded_at
                and sourced_opportunities.modified_at
                > coalesce(sourced_opportunities.updated_at, first_load.loaded_at)
                then sourced_opportunities.modified_at
            else sourced_opportunities.updated_at
        end as changed_at,
        first_publication.published_at as first_published_at
    from sourced_opportunities
    cross join first_load
    cross join first_publication
),

known_reps as (
    select distinct rep_id from int_crm__reps
),

-- a deal counts for each rep who shares it
changed_deals as (
    select
        deals.opportunity_id,
        coalesce(known_reps.rep_id, 'unassigned') as rep_id,
        deals.opportunity_type,
        deals.created_date,
        deals.close_date,
        deals.is_deleted,
        deals.entered_at,
        deals.changed_at
    from deals
    left join sourced_opportunity_splits
        on
            deals.opportunity_id = sourced_opportunity_splits.opportunity_id
            and not sourced_opportunity_splits.is_deleted
    left join known_reps
        on coalesce(sourced_opportunity_splits.rep_id, deals.rep_id) = known_reps.rep_id
    where
        deals.entered_at > deals.first_published_at
        or deals.changed_at > deals.first_published_at
),

deal_changes as (
    select distinct
        int_metric_rules.metric_id,
        changed_deals.opportunity_id,
        changed_deals.rep_id,
        case
            when int_metric_rules.outcome = 'created' then changed_deals.created_date
            else changed_deals.close_date
        end as date_day,
        changed_deals.is_deleted,
        changed_deals.entered_at,
        changed_deals.changed_at
    from changed_deals
    inner join int_metric_rules
        on
            int_metric_rules.source_table = 'opportunities'
            and (
                int_metric_rules.activity_type is null
                or int_metric_rules.activity_type = changed_deals.opportunity_type
            )
)

select * from deal_changes
