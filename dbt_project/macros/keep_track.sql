{#-
    SQL that notes what `relation` was built from, in the transaction that builds it. What it holds
    follows from that, unless the model asks to have its rows compared (`meta: {compared: true}`):
    then what reads it is left alone as long as the rows stay the same.

    Of models whose rows have a day it notes since when they may differ from those of the last build
    that was completed, so that what reads them can keep the rows before (macro `restated_since`):

    - `kept_by`: a date column. The model keeps its own rows before `since`.
    - `compared_by`: a date column. The rows of each month are compared.
    - `changes_with: inputs`: it is a selection of such models, or of the calendar.
    - `changes_with: changed_months`: it replaces the months that ingestion names.

    - `reads_until: month_end`: it reads nothing after the last end of a month, and stands until
      something before changes.

    Outside of a refresh it forgets the relation, so that the next refresh builds it anew.
-#}
{% macro keep_track(relation, inputs, since=none) -%}
    {%- set meta = config.get("meta", {}) -%}
    {%- set node = "'" ~ model.unique_id ~ "'" -%}
    {%- if inputs -%}
        {%- set foundations = "''" -%}
        {%- if meta.get("kept_by") -%}
            {%- set foundations = "'" ~ (foundations_of_model() or "") ~ "'" -%}
            {%- set changed_since = "date '" ~ (since or "0001-01-01") ~ "'" -%}
        {%- elif meta.get("compared_by") -%}
            delete from built.months where node = {{ node }};
            insert into built.months
            select
                {{ node }}, date_trunc('month', {{ meta["compared_by"] }}), {{ content_of_rows() }}
            from {{ relation }} as held
            group by all;
            {%- set changed_since %}
                (
                    select min(month_start)
                    from (from built.months where node = {{ node }}) as months
                    full join (from built.months_before where node = {{ node }}) as before
                        using (month_start)
                    where months.content is distinct from before.content
                )
            {%- endset -%}
        {%- elif meta.get("changes_with") == "inputs" -%}
            {%- set foundations = "'" ~ (foundations_of_model() or "") ~ "'" -%}
            {%- set changed_since -%}
                (select min(changed_since) from built.nodes where node in ({{ inputs_of_node() }}))
            {%- endset -%}
        {%- elif meta.get("changes_with") == "changed_months" -%}
            {%- set changed_since -%}
                (
                    select min(month_start) from {{ source('raw_files', '_changed_months') }}
                    where table_name = 'activities'
                )
            {%- endset -%}
        {%- else -%}
            {%- set changed_since = "null" -%}
            {%- set foundations = "'" ~ (foundations_of_model() or "") ~ "'"
                if meta.get("reads_until") else "null" -%}
        {%- endif %}
        delete from built.nodes where node = {{ node }};
        insert into built.nodes (node, built_from, content, rests_on, changed_since)
        select {{ node }}, '{{ inputs }}',
        {%- if meta.get("compared") %}
            (select {{ content_of_rows() }} from {{ relation }} as held),
        {%- else %}
            '{{ inputs }}',
        {%- endif %}
            {{ foundations }}, {{ changed_since }};
    {%- elif execute and target.type == "duckdb" and run_query(
        "select 1 from information_schema.tables where table_schema = 'built'"
    ).rows | length -%}
        delete from built.nodes where node = {{ node }};
    {%- endif -%}
{%- endmacro %}
