{{ config(enabled=crm_sources().split() | length > 0, meta={'compared': true}) }}

-- a person whom an earlier source knows too is one rep: as the policy says, else by the same id,
-- else by the same e-mail address. Sources are matched one after the other
with int_crm_users__unioned as (
    select * from {{ ref('int_crm_users__unioned') }}
),

rep_aliases as (
    select * from {{ ref('rep_aliases') }}
),

stg_files__reps as (
    select * from {{ ref('stg_files__reps') }}
),

known_before_{{ crm_sources().split() | first }} as (
    select
        rep_id,
        lower(email) as email,
        0 as source_rank
    from stg_files__reps
    where not is_deleted
),
{% for source in crm_sources().split() %}
{%- set known = "known_before_" ~ source %}
{{ source }}_known_ids as (
    select distinct rep_id from {{ known }}
),

{{ source }}_known_emails as (
    select
        email,
        rep_id,
        row_number() over (
            partition by email order by source_rank asc nulls last, rep_id asc nulls last
        ) as email_rank
    from {{ known }}
    where email is not null
),

{{ source }}_named as (
    select
        users.user_id,
        users.email,
        users.person,
        users.is_archived,
        coalesce(rep_aliases.rep_id, same_id.rep_id, same_email.rep_id, users.user_id) as rep_id,
        row_number() over (
            partition by users.person
            order by users.is_archived asc nulls last, users.user_id asc nulls last
        ) as user_number
    from int_crm_users__unioned as users
    left join rep_aliases
        on users.user_id = rep_aliases.source_rep_id and rep_aliases.source = '{{ source }}'
    left join {{ source }}_known_ids as same_id
        on users.user_id = same_id.rep_id
    left join {{ source }}_known_emails as same_email
        on users.email = same_email.email and same_email.email_rank = 1
    where users.source = '{{ source }}'
),

-- of several users who are one person, those that no earlier source knows are the first of them:
-- the one who is still there, else the older one
{{ source }}_matched as (
    select
        named.user_id,
        named.email,
        named.is_archived,
        known_ids.rep_id is not null as is_known,
        case
            when known_ids.rep_id is not null or named.rep_id <> named.user_id then named.rep_id
            else first_users.rep_id
        end as rep_id
    from {{ source }}_named as named
    inner join {{ source }}_named as first_users
        on named.person = first_users.person and first_users.user_number = 1
    left join {{ source }}_known_ids as known_ids
        on named.rep_id = known_ids.rep_id
),
{% if not loop.last %}
known_before_{{ loop.nextitem }} as (
    select * from {{ known }}
    union all
    select
        rep_id,
        email,
        {{ loop.index }} as source_rank
    from {{ source }}_matched
),
{% endif %}
{%- endfor %}
matched as (
    {% for source in crm_sources().split() -%}
    select
        '{{ source }}' as source,
        user_id,
        email,
        is_archived,
        is_known,
        rep_id
    from {{ source }}_matched
    {{ "union all" if not loop.last }}
    {% endfor %}
),

final as (
    select
        source,
        user_id,
        email,
        rep_id,
        is_known,
        row_number() over (
            partition by source, rep_id
            order by
                case when user_id = rep_id then 0 else 1 end asc nulls last,
                is_archived asc nulls last,
                user_id asc nulls last
        ) = 1 as is_first
    from matched
)

select * from final
