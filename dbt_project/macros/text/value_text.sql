{% macro value_text(value, unit) -%}
    case
        when {{ unit }} = 'ratio' then {{ rate_text('(' ~ higher_of(value, '0') ~ ')') }}
        when {{ unit }} = 'money'
            then {{ number_text('(' ~ higher_of(value, '0') ~ ')') }} || ' ' || int_settings.currency
        else {{ number_text('(' ~ higher_of(value, '0') ~ ')') }}
    end
{%- endmacro %}
