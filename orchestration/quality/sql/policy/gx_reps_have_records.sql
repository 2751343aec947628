-- what: Each rep with a scorecard has at least one record.
-- reason: A rep without any is a wrong id, a missing licence or a person who does not sell:
-- remedy: correct the rep_id, connect their tools, give them an end_date or another role. New reps
--     are left out for recent_days of company_settings.csv.
-- severity: warn
-- table: scorecard_reps

with employed as (
    select rep_id, min(file_row_number) as line, min(first_day) as first_day
    from rep_spans
    group by 1
    having
        bool_or(
            {{ as_of }} between first_day and last_day
            and role in (select nfc_normalize(role) from policy_scorecard_metrics)
        )
        and min(first_day) <= {{ as_of }} - cast({{ recent_days }} as integer)
),

active as (
    select distinct trim(rep_id) as rep_id from source_activities
    union
    select distinct trim(rep_id) from source_opportunities
    union
    select distinct trim(rep_id) from source_opportunity_splits
    union
    select distinct trim(rep_id) from source_leads
),

silent as (
    select *, row_number() over (order by line, rep_id) as place
    from employed
    where rep_id not in (select rep_id from active where rep_id is not null)
)

select
    null as file,
    'reps' as source_table,
    min(line) as line,
    count(*) || ' of ' || (select count(*) from employed) || ' reps with a scorecard '
    || case when count(*) = 1 then 'has' else 'have' end || ' no record at all: '
    || string_agg(rep_id, ', ' order by place) filter (place <= 5)
    || case when count(*) > 5 then ' …' else '' end as message,
    'correct the rep_id, connect their tools, or give them an end_date or another role' as remedy,
    count(*) as failed_rows
from silent
-- where nobody has a record, that is said as such
where exists (select 1 from active)
having count(*) > 0
