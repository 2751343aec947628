{#-
    The steps that say which rep each user of a CRM is; the last one is `matched`. `users` is a step
    with the columns `user_id` and `email`. A person whom an earlier source knows too is one rep: as
    the policy says, else by the same id, else by the same e-mail address. `is_known`: an earlier
    source says all about that rep; `is_first`: of several users who are one rep, the one that does.
-#}
{% macro match_reps(source, users, user_id) -%}
{%- set order = ["salesforce", "hubspot"] -%}
{%- set enabled = env_var("SCORECARD_SOURCES", "files").split(",") -%}
rep_aliases as (
    select * from {{ ref('rep_aliases') }}
),

known as (
    select
        rep_id,
        lower(email) as email,
        0 as source_rank
    from {{ ref('stg_files__reps') }}
    where not is_deleted
    {%- for earlier in order[:order.index(source)] if earlier in enabled %}
    union all
    select
        rep_id,
        email,
        {{ loop.index }} as source_rank
    from {{ ref('int_' ~ earlier ~ '__rep_ids') }}
    {%- endfor %}
),

known_ids as (
    select distinct rep_id from known
),

ranked_emails as (
    select
        email,
        rep_id,
        row_number() over (
            partition by email order by source_rank asc nulls last, rep_id asc nulls last
        ) as email_rank
    from known
    where email is not null
),

named as (
    select
        {{ users }}.{{ user_id }} as user_id,
        lower({{ users }}.email) as email,
        coalesce(
            rep_aliases.rep_id, known_ids.rep_id, ranked_emails.rep_id, {{ users }}.{{ user_id }}
        ) as rep_id
    from {{ users }}
    left join rep_aliases
        on
            {{ users }}.{{ user_id }} = rep_aliases.source_rep_id
            and rep_aliases.source = '{{ source }}'
    left join known_ids
        on {{ users }}.{{ user_id }} = known_ids.rep_id
    left join ranked_emails
        on
            lower({{ users }}.email) = ranked_emails.email
            and ranked_emails.email_rank = 1
),

matched as (
    select
        named.user_id,
        named.email,
        named.rep_id,
        known_ids.rep_id is not null as is_known,
        row_number() over (
            partition by named.rep_id
            order by
                case when named.user_id = named.rep_id then 0 else 1 end asc nulls last,
                named.user_id asc nulls last
        ) = 1 as is_first
    from named
    left join known_ids
        on named.rep_id = known_ids.rep_id
)
{%- endmacro %}
