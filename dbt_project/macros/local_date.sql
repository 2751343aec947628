{#-
    The local day of a UTC moment: `zone_days` is the alias of a join to
    raw_reference.time_zone_days on the moment's time zone and UTC day.
-#}
{% macro local_date(moment, zone_days) -%}
    cast(
        {{ add_seconds(
            moment,
            "case when " ~ moment ~ " >= " ~ zone_days ~ ".changes_at then "
            ~ zone_days ~ ".later_offset_seconds else coalesce("
            ~ zone_days ~ ".offset_seconds, 0) end"
        ) }} as date
    )
{%- endmacro %}
