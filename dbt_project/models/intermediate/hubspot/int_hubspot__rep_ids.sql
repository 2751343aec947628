with stg_hubspot__owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

stg_files__reps as (
    select * from {{ ref('stg_files__reps') }}
),

{%- if 'salesforce' in env_var('SCORECARD_SOURCES', 'files').split(',') %}
stg_salesforce__users as (
    select * from {{ ref('stg_salesforce__users') }}
),

int_salesforce__rep_ids as (
    select * from {{ ref('int_salesforce__rep_ids') }}
),

{%- endif %}
-- a person whom the files know too is one rep: by the same id, which overrides, or the same e-mail
known_ids as (
    select distinct rep_id from stg_files__reps
    where not is_deleted
),

known_emails as (
    select
        lower(email) as email,
        min(rep_id) as rep_id
    from stg_files__reps
    where not is_deleted and email is not null
    group by 1
),

-- so is one who is a user of Salesforce
other_emails as (
    {%- if 'salesforce' in env_var('SCORECARD_SOURCES', 'files').split(',') %}
    select
        lower(stg_salesforce__users.email) as email,
        min(int_salesforce__rep_ids.rep_id) as rep_id
    from stg_salesforce__users
    inner join int_salesforce__rep_ids
        on stg_salesforce__users.user_id = int_salesforce__rep_ids.user_id
    where
        stg_salesforce__users.email is not null
        and not stg_salesforce__users.is_deleted
        and coalesce(stg_salesforce__users.user_type, 'Standard') = 'Standard'
    group by 1
    {%- else %}
    select
        email,
        rep_id
    from known_emails
    where 1 = 0
    {%- endif %}
),

-- somebody who left and came back is two owners: the one that is active, else the older one
ranked as (
    select
        stg_hubspot__owners.*,
        row_number() over (
            partition by coalesce(lower(email), owner_id)
            order by is_archived asc nulls last, owner_id asc nulls last
        ) as owner_number
    from stg_hubspot__owners
),

first_owners as (
    select
        lower(email) as email,
        owner_id
    from ranked
    where owner_number = 1 and email is not null
),

matched as (
    select
        ranked.owner_id,
        coalesce(
            known_ids.rep_id, known_emails.rep_id, other_emails.rep_id,
            first_owners.owner_id, ranked.owner_id
        ) as rep_id,
        known_ids.rep_id is not null
        or known_emails.rep_id is not null
        or other_emails.rep_id is not null as is_known,
        ranked.owner_number = 1 as is_first
    from ranked
    left join known_ids
        on ranked.owner_id = known_ids.rep_id
    left join known_emails
        on lower(ranked.email) = known_emails.email
    left join other_emails
        on lower(ranked.email) = other_emails.email
    left join first_owners
        on lower(ranked.email) = first_owners.email
)

select * from matched
