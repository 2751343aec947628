{% macro number_text(number) -%}
    {%- set whole -%} floor({{ number }} + 0.5e0) {%- endset -%}
    {%- set group -%}
        lpad(
            cast(
                cast({{ whole }} - 1e3 * floor({{ whole }} / 1e3) as bigint) as {{ type_text() }}
            ), 3, '0'
        )
    {%- endset -%}
    case
        when {{ whole }} < 1000 then cast(cast({{ whole }} as bigint) as {{ type_text() }})
        when {{ whole }} < 1000000
            then
                cast(cast(floor({{ whole }} / 1e3) as bigint) as {{ type_text() }})
                || ',' || {{ group }}
        else
            cast(cast(floor({{ whole }} / 1e6) as bigint) as {{ type_text() }}) || ','
            || lpad(
                cast(
                    cast(
                        floor({{ whole }} / 1e3) - 1e3 * floor({{ whole }} / 1e6) as bigint
                    ) as {{ type_text() }}
                ), 3, '0'
            )
            || ',' || {{ group }}
    end
{%- endmacro %}
