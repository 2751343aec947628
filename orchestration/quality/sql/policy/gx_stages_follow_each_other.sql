-- what: Each change of stage begins at the stage where the change before ended.
-- reason: Where changes are missing or out of order, the way of a deal through its stages is wrong:
-- remedy: deliver all changes, with their full time.
-- severity: warn
-- table: dim_goals

with changes as (
    select
        opportunity_id,
        from_stage,
        to_stage,
        changed_at,
        file_row_number,
        lag(to_stage) over (partition by opportunity_id order by changed_at, to_stage)
            as stage_before,
        -- changes of one moment have no order
        count(*) over (partition by opportunity_id, changed_at) as at_once
    from source_opportunity_stage_changes
    where coalesce(_is_deleted, 'false') <> 'true'
),

followed as (
    select
        *,
        lag(at_once) over (partition by opportunity_id order by changed_at, to_stage)
            as before_at_once
    from changes
),

broken as (
    select * from followed
    where from_stage <> stage_before and at_once = 1 and before_at_once = 1
)

select
    null as file,
    'opportunity_stage_changes' as source_table,
    min(file_row_number) as line,
    count(*) || ' changes begin at another stage than the one before ended, such as deal '''
    || min_by(opportunity_id, coalesce(file_row_number, 0)) || ''': from '''
    || min_by(from_stage, coalesce(file_row_number, 0)) || ''' after '''
    || min_by(stage_before, coalesce(file_row_number, 0)) || '''' as message,
    'deliver all changes of stage with their full time' as remedy,
    count(*) as failed_rows
from broken
having count(*) > 0
