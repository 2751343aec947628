{% macro month_of_tenure(hire_date, day) -%}
    (extract(year from {{ day }}) - extract(year from {{ hire_date }})) * 12
    + extract(month from {{ day }}) - extract(month from {{ hire_date }})
    - case when extract(day from {{ day }}) < extract(day from {{ hire_date }}) then 1 else 0 end
    + 1
{%- endmacro %}
