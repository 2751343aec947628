-- what: the rows of a policy file as text, each with its file and line
-- tables: metrics, event_rules, scorecard_metrics, goals, exchange_rates

select
    {% for column in policy[table].columns %}
    cast({{ column }} as varchar) as {{ column }},
    {% endfor %}
    cast(file as varchar) as file,
    cast(line as bigint) as line
from (values {{ policy[table].rows }}) as rows_of_file (file, line, {{ policy[table].columns | join(', ') }})
where line is not null
