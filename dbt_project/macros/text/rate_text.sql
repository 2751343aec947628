{% macro rate_text(ratio) -%}
    case
        when {{ ratio }} < 0.0995e0
            then
                cast(
                    cast(floor(floor({{ ratio }} * 1e3 + 0.5e0) / 10) as bigint) as {{ type_text() }}
                ) || '.'
                || cast(
                    cast(
                        floor({{ ratio }} * 1e3 + 0.5e0)
                        - 10 * floor(floor({{ ratio }} * 1e3 + 0.5e0) / 10) as bigint
                    ) as {{ type_text() }}
                )
        else cast(cast(floor({{ ratio }} * 1e2 + 0.5e0) as bigint) as {{ type_text() }})
    end || '%'
{%- endmacro %}
