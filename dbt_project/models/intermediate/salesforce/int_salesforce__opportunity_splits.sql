{{ config(materialized='view', enabled=is_source_enabled('salesforce'), group='salesforce') }}

with stg_salesforce__opportunity_splits as (
    select * from {{ ref('stg_salesforce__opportunity_splits') }}
),

rep_ids as (
    select * from {{ ref('int_rep_ids__matched') }}
    where source = 'salesforce'
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- one type, and only one whose shares must add up to all of it: overlays give credit on top. Types
-- are not known of splits that were landed without them
mapped as (
    select
        stg_salesforce__opportunity_splits.opportunity_id,
        coalesce(rep_ids.rep_id, stg_salesforce__opportunity_splits.owner_id)
            as rep_id,
        sum(stg_salesforce__opportunity_splits.split_percentage) / 100 as split_ratio,
        false as is_deleted
    from stg_salesforce__opportunity_splits
    left join rep_ids
        on stg_salesforce__opportunity_splits.owner_id = rep_ids.user_id
    cross join int_settings
    where
        lower(int_settings.opportunity_split_type) in (
            lower(coalesce(stg_salesforce__opportunity_splits.split_field, '')),
            lower(
                coalesce(
                    stg_salesforce__opportunity_splits.split_type,
                    stg_salesforce__opportunity_splits.split_field,
                    int_settings.opportunity_split_type
                )
            )
        )
        and stg_salesforce__opportunity_splits.is_total_validated
        and not stg_salesforce__opportunity_splits.is_deleted
    group by 1, 2
)

select * from mapped
