-- what: the rows of a policy file as text, each with its file and line
-- tables: metrics, event_rules, scorecard_metrics, goals, exchange_rates

select
    {%- for column in policy[table].columns %}
    cast(policy_rows.{{ column }} as varchar) as {{ column }},
    {%- endfor %}
    cast(policy_rows.file as varchar) as file,
    cast(policy_rows.line as bigint) as line
from (values {{ policy[table].rows }})
    as policy_rows (file, line, {{ policy[table].columns | join(', ') }})
where policy_rows.line is not null
