{{ config(materialized='table', meta={'compared': true}) }}

with stg_hubspot__owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

{{ match_reps('hubspot', users='stg_hubspot__owners', user_id='owner_id') }},

-- somebody who left and came back is two owners: the active one, else the older one, is both
ranked as (
    select
        matched.user_id,
        matched.email,
        matched.rep_id,
        matched.is_known,
        stg_hubspot__owners.is_archived,
        matched.is_known or matched.rep_id <> matched.user_id as is_named,
        row_number() over (
            partition by coalesce(matched.email, matched.user_id)
            order by
                stg_hubspot__owners.is_archived asc nulls last,
                matched.user_id asc nulls last
        ) as owner_number
    from matched
    inner join stg_hubspot__owners
        on matched.user_id = stg_hubspot__owners.owner_id
),

same_person as (
    select
        ranked.user_id,
        ranked.email,
        ranked.is_known,
        ranked.is_archived,
        case
            when ranked.is_named then ranked.rep_id
            else coalesce(first_owners.rep_id, ranked.rep_id)
        end as rep_id
    from ranked
    left join ranked as first_owners
        on ranked.email = first_owners.email and first_owners.owner_number = 1
),

final as (
    select
        user_id,
        email,
        rep_id,
        is_known,
        row_number() over (
            partition by rep_id
            order by
                case when user_id = rep_id then 0 else 1 end asc nulls last,
                is_archived asc nulls last,
                user_id asc nulls last
        ) = 1 as is_first
    from same_person
)

select * from final
