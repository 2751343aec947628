with stg_salesforce__users as (
    select * from {{ ref('stg_salesforce__users') }}
),

stg_files__reps as (
    select * from {{ ref('stg_files__reps') }}
),

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

matched as (
    select
        stg_salesforce__users.user_id,
        coalesce(known_ids.rep_id, known_emails.rep_id, stg_salesforce__users.user_id) as rep_id,
        known_ids.rep_id is not null or known_emails.rep_id is not null as is_in_files
    from stg_salesforce__users
    left join known_ids
        on stg_salesforce__users.user_id = known_ids.rep_id
    left join known_emails
        on lower(stg_salesforce__users.email) = known_emails.email
)

select * from matched
