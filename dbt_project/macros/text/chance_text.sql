{% macro chance_text(chance) -%}
    case
        when {{ chance }} > 0 and {{ chance }} < 0.005 then 'under 1%'
        when {{ chance }} < 1 and {{ chance }} >= 0.995 then 'over 99%'
        else {{ percent_text(chance) }}
    end
{%- endmacro %}
