-- what: the goals of the policy, of a file of goals and of the quotas of a CRM

with goals as (
    select
        file, null as source_table, line, goal_id, scope, scope_value, tier, metric_id, valid_from,
        valid_to
    from policy_goals
    union all
    select
        null, 'goals', file_row_number, goal_id, scope, scope_value, tier, metric_id, valid_from,
        valid_to
    from source_goals
    where coalesce(_is_deleted, 'false') <> 'true'
    {% if crms %}
    union all
    select
        null, 'quotas', null, goal_id, scope, scope_value, null, metric_id,
        cast(valid_from as varchar), cast(valid_to as varchar)
    from intermediate.int_goals__of_quotas
    {% endif %}
)

select
    row_number() over () as goal_number,
    file,
    source_table,
    line,
    goal_id,
    lower(scope) as scope,
    nfc_normalize(coalesce(scope_value, '')) as scope_value,
    nfc_normalize(coalesce(tier, '')) as tier,
    metric_id,
    coalesce(cast(valid_from as date), date '1900-01-01') as first_day,
    coalesce(cast(valid_to as date) - 1, date '9999-12-31') as last_day
from goals
