{% macro log_odds(share) -%}
    case
        when {{ share }} > 0 and {{ share }} < 1
            then ln({{ share }} / nullif(1 - {{ share }}, 0))
    end
{%- endmacro %}
