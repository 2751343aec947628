-- When the oldest record of the files happened.
select
    least(
        (select min(activities.occurred_at) from raw_files.activities as activities),
        (select min(opportunities.created_at) from raw_files.opportunities as opportunities),
        (select min(leads.created_at) from raw_files.leads as leads),
        (select min(changes.changed_at) from raw_files.opportunity_stage_changes as changes)
    )
