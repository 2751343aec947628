{#-
    The day from which this model's rows may differ from those that stand, as text; none if all of
    them may. Only models that keep what lies before (`meta: {kept_by: <date column>}`) ask for it.

    Days are told by what the model reads since the last build that was completed: by the months of
    which the rows changed, by what another such model replaced, and by the month of the earliest
    as-of date since then, for what was current is no more. Everything else that it reads must be
    what it was. DuckDB only, as the keeping track is.
-#}
{% macro restated_since() -%}
    {%- set rests_on = foundations_of_model() -%}
    {%- if not rests_on or should_full_refresh() or load_cached_relation(this) is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set read_until = last_month_end() if config.get("meta", {}).get("reads_until")
        else "date '0001-01-01'" -%}
    {%- set found = run_query(
        "select since from (select cast(least("
        ~ "(select min(changed_since) from built.nodes where node in ('" ~ model.unique_id ~ "', "
        ~ inputs_of_node() ~ ")), "
        ~ "(select date_trunc('month', min(first_day)) from built.days)"
        ~ ") as date) as since from built.nodes"
        ~ " where node = '" ~ model.unique_id ~ "' and rests_on = '" ~ rests_on ~ "') as found"
        ~ " where since > " ~ read_until
    ).columns[0].values() -%}
    {{ return(found[0] | string if found | length else none) }}
{%- endmacro %}
