-- what: The rep of each record is among the reps.
-- reason: Records of others count for the organisation only, as unassigned:
-- remedy: add the rep (one who left has an end_date), or correct the rep_id of the records.
-- severity: warn
-- table: dim_reps

with records as (
    select
        'activities' as source_table,
        trim(rep_id) as rep_id,
        count(*) as row_count,
        min(file_row_number) as line
    from source_activities
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 2
    union all
    select 'opportunities', trim(rep_id), count(*), min(file_row_number)
    from source_opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 2
    union all
    select 'leads', trim(rep_id), count(*), min(file_row_number)
    from source_leads
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 2
    union all
    select 'opportunity_splits', trim(rep_id), count(*), min(file_row_number)
    from source_opportunity_splits
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 2
),

unknown as (
    select
        *,
        row_number() over (partition by source_table order by row_count desc, rep_id) as place
    from records
    where
        rep_id <> ''
        and rep_id not in (
            select trim(rep_id) from source_reps
            where rep_id is not null and coalesce(_is_deleted, 'false') <> 'true'
        )
)

select
    null as file,
    source_table,
    min(line) as line,
    sum(row_count) || ' of ' || source_table || ' are of '
    || count(*) || case when count(*) = 1 then ' rep' else ' reps' end || ' who '
    || case when count(*) = 1 then 'is' else 'are' end || ' not among the reps: '
    || string_agg('''' || rep_id || ''' (' || row_count || ')', ', ' order by place)
    filter (place <= 5)
    || case when count(*) > 5 then ' …' else '' end as message,
    'add them to reps (whoever left has an end_date), or correct the rep_id; until then these '
    || 'count as unassigned' as remedy,
    sum(row_count) as failed_rows
from unknown
group by source_table
