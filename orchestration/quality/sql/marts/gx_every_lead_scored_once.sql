-- what: Every lead of the source is scored, and once.
-- reason: A join loses or multiplies leads if not.
-- severity: error
-- table: lead_scores
-- column: lead_id
-- expected: every live lead once
-- absent: no leads in this source

-- near the as-of date the local day of a lead needs its rep's time zone: there it may be in or out
with raw_leads as (
    select trim(lead_id) as lead_id, substr(created_at, 1, 10) as created_day
    from source_leads
    where coalesce(_is_deleted, 'false') <> 'true'
),

lost as (
    select lead_id from raw_leads
    where
        created_day < cast({{ as_of }} as varchar)
        and lead_id not in (select lead_id from marts.lead_scores)
),

unknown as (
    select lead_id from marts.lead_scores
    where lead_id not in (select lead_id from raw_leads)
)

select
    'leads' as subject,
    (select count(*) from marts.lead_scores) || ' leads scored, '
    || (select count(distinct lead_id) from marts.lead_scores) || ' of them different, '
    || (select count(*) from lost) || ' lost, '
    || (select count(*) from unknown) || ' unknown' as observed,
    'every live lead once' as expected,
    (select count(*) from lost) + (select count(*) from unknown)
    + (select count(*) - count(distinct lead_id) from marts.lead_scores) as failed_rows
where exists (select 1 from raw_leads)
