-- what: the kinds of records that rules can tell apart, and how many there are of each

with activities as (
    select
        'activities' as source_table,
        nullif(lower(trim(activity_type)), '') as record_type,
        nullif(lower(trim(direction)), '') as direction,
        nullif(lower(trim(outcome)), '') as outcome,
        coalesce(max(try_cast(duration_seconds as double)), 0) as seconds,
        min(trim(activity_type)) as shown_type,
        min(nullif(trim(outcome), '')) as shown_outcome,
        count(*) as row_count,
        min(file_row_number) as line
    from source_activities
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 1, 2, 3, 4
),

deals as (
    select
        lower(trim(opportunity_type)) as record_type,
        count(*) as created,
        count(*) filter (is_closed = 'true') as closed,
        count(*) filter (is_closed = 'true' and is_won = 'true') as won,
        count(*) filter (is_closed = 'true' and coalesce(is_won, 'false') <> 'true') as lost
    from source_opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 1
),

leads as (
    select
        count(*) as created,
        count(*) filter (nullif(converted_at, '') is not null) as converted
    from source_leads
    where coalesce(_is_deleted, 'false') <> 'true'
),

kinds as (
    select * from activities
    union all by name
    select 'opportunities' as source_table, record_type, outcome, row_count
    from deals
    unpivot (row_count for outcome in (created, closed, won, lost))
    union all by name
    select 'leads' as source_table, outcome, row_count
    from leads
    unpivot (row_count for outcome in (created, converted))
)

select row_number() over () as kind_id, kinds.* from kinds where row_count > 0
