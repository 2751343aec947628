-- what: The role of each rep has a scorecard.
-- reason: Whose role has none appears on no page:
-- remedy: correct the role, or add it to scorecard_metrics.csv.
-- severity: warn
-- table: dim_reps

-- those who only lead others need none
with managers as (
    select distinct nullif(trim(manager_id), '') as rep_id
    from source_reps
    where coalesce(_is_deleted, 'false') <> 'true'
),

roles as (
    select
        role,
        count(distinct rep_id) as rep_count,
        min_by(rep_id, coalesce(file_row_number, 0)) as rep_id,
        min(file_row_number) as line
    from rep_spans
    where
        role not in (select nfc_normalize(role) from policy_scorecard_metrics)
        and (
            rep_id not in (select rep_id from managers where rep_id is not null)
            or lower(role) in (select lower(nfc_normalize(role)) from policy_scorecard_metrics)
        )
    group by 1
),

alike as (
    select roles.role, min(policy_scorecard_metrics.role) as name
    from roles
    inner join policy_scorecard_metrics
        on lower(trim(policy_scorecard_metrics.role)) = lower(trim(roles.role))
    group by 1
)

select
    null as file,
    'reps' as source_table,
    roles.line,
    case
        when roles.role = '' then 'no role'
        else 'role ''' || roles.role || ''' has no scorecard'
    end
    || ': ' || roles.rep_count || case when roles.rep_count = 1 then ' rep' else ' reps' end
    || ' (such as ' || roles.rep_id || ')' as message,
    coalesce(
        'write ''' || alike.name || ''' as scorecard_metrics.csv does',
        'correct the role, or add it to scorecard_metrics.csv; leave it if they are not measured'
    ) as remedy,
    roles.rep_count as failed_rows
from roles
left join alike
    on roles.role = alike.role
