-- one test for all of them: a test of each column would cost as much as building a model
{% set required = [
    ('stg_files__reps', 'rep_id'),
    ('stg_files__opportunities', 'opportunity_id'),
    ('stg_files__opportunity_splits', 'opportunity_id'),
    ('stg_files__opportunity_splits', 'rep_id'),
    ('stg_files__opportunity_splits', 'split_ratio'),
    ('stg_files__opportunity_stage_changes', 'opportunity_id'),
    ('stg_files__leads', 'lead_id'),
    ('stg_files__accounts', 'account_id'),
    ('stg_files__time_off', 'rep_id'),
    ('stg_files__time_off', 'start_date'),
    ('stg_files__time_off', 'end_date'),
    ('stg_files__goals', 'goal_id'),
    ('stg_files__goals', 'metric_id'),
    ('stg_files__interventions', 'intervention_id'),
    ('stg_files__interventions', 'rep_id'),
    ('stg_files__interventions', 'metric_id'),
    ('stg_files__interventions', 'agreed_date'),
] %}

{% for model, column in required %}
select
    '{{ model }}' as model_name,
    '{{ column }}' as column_name,
    count(*) as empty_cells
from {{ ref(model) }}
where {{ column }} is null
having count(*) > 0
{% if not loop.last %}union all{% endif %}
{% endfor %}
