with excluded_records as (
    select * from {{ ref('excluded_records') }}
),

numbered as (
    select
        excluded_records.*,
        row_number() over (
            partition by source_table, source, event_type, reason
            order by record_id asc nulls last
        ) as place
    from excluded_records
),

counted as (
    select
        source_table,
        source,
        event_type,
        reason,
        is_counted,
        remedy,
        count(*) as record_count,
    {% for number in [1, 2, 3, 4, 5] %}
    max(case when place = {{ number }} then record_id end)
        as record_{{ number }}{{ "," if not loop.last }}
    {% endfor %}
    from numbered
    group by 1, 2, 3, 4, 5, 6
),

final as (
    select
        source_table,
        source,
        event_type,
        reason,
        is_counted,
        remedy,
        record_count,
        record_1
        {% for number in [2, 3, 4, 5] %}
        || coalesce(', ' || record_{{ number }}, '')
        {% endfor %}
            as first_records
    from counted
)

select * from final
