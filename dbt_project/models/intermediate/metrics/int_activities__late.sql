{#- Spark cannot delete from its tables: there everything is looked at again -#}
{{
    config(
        materialized='table' if env_var('SCORECARD_TARGET', 'duckdb') == 'spark' else 'incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where month_start_date in (select month_start from {{ source('raw_files', '_changed_months') }} where table_name = 'activities') or loaded_text not in (select min(modified_text) from ({{ source_records('activities') }}) as sourced_activities){% endif %}",
        post_hook="{{ record_node(this, input_hash()) }}",
    )
}}

-- a load that reads everything again does not tell when a record was added
with first_load as (
    select min(modified_text) as loaded_text
    from ({{ source_records('activities') }}) as all_activities
),
{% if is_incremental() %}
changed_months as (
    select month_start from {{ source('raw_files', '_changed_months') }}
    where table_name = 'activities'
),

standing as (
    select count(*) as row_count from {{ this }}
),

-- whole months are replaced, those in which ingestion saw a record change; after another first load
-- no month is kept, and all are replaced
first_month as (
    select
        case
            when standing.row_count > 0
                then cast(min(changed_months.month_start) as {{ type_text() }})
            else ''
        end as since_text
    from standing
    left join changed_months
        on standing.row_count > 0
    group by standing.row_count
),
{% endif %}
-- texts tell as much as moments, and are not cast for all the records that came in time
late as (
    {% for is_known_by_itself in [true, false] %}
    {{ "union all" if not loop.first }}
    select * from ({{ source_records('activities') }}) as sourced_activities
    where
        {% if is_known_by_itself %}
        (
            substr(created_text, 1, 10) > substr(occurred_text, 1, 10)
            or substr(updated_text, 1, 10) > substr(occurred_text, 1, 10)
        )
        {% else %}
        modified_text > (select first_load.loaded_text from first_load)
        and substr(modified_text, 1, 10) > substr(occurred_text, 1, 10)
        and coalesce(substr(created_text, 1, 10), '') <= substr(occurred_text, 1, 10)
        and coalesce(substr(updated_text, 1, 10), '') <= substr(occurred_text, 1, 10)
        {% endif %}
        {% if is_incremental() %}
        and occurred_text >= (select first_month.since_text from first_month)
        {% endif %}
    {% endfor %}
),

dated as (
    select
        late.*,
        cast(occurred_at as date) as utc_date
    from late
),

placed as (
    select
        dated.rep_id,
        dated.activity_type,
        dated.direction,
        dated.outcome,
        first_load.loaded_text,
        dated.duration_seconds,
        dated.is_deleted,
        dated.occurred_day,
        dated.occurred_at,
        dated.created_at,
        dated.updated_at,
        dated.modified_at,
        {{ first_of_month('dated.utc_date') }} as month_start_date
    from dated
    cross join first_load
),

final as (
    select * from placed
    {% if is_incremental() %}
    where
        month_start_date in (select changed_months.month_start from changed_months)
        or (select standing.row_count from standing) = 0
    {% endif %}
)

select * from final
