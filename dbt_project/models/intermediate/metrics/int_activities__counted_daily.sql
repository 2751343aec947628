{{
    config(
        materialized='incremental',
        incremental_strategy=months_strategy(),
        partition_by='month_start_date',
        on_schema_change='fail',
        pre_hook="{% if is_incremental() %}{{ forget_months(this, source('raw_files', '_changed_months'), 'activities') }}{% endif %}",
        post_hook="{{ record_node(this, input_hash()) }}",
    )
}}

-- whole months are replaced: those in which ingestion saw a record added, changed or deleted

with int_crm__activities as (
    select * from {{ ref('int_crm__activities') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

changed_months as (
    select month_start from {{ source('raw_files', '_changed_months') }}
    where table_name = 'activities'
),

-- durations matter only up to the thresholds of the rules
thresholds as (
    select distinct min_duration_seconds
    from event_rules
    where source_table = 'activities' and min_duration_seconds is not null
),

duration_classes as (
    select
        min_duration_seconds,
        lead(min_duration_seconds) over (order by min_duration_seconds asc nulls last)
            as below_seconds
    from thresholds
),

-- one offset per rep and moment, classes that do not overlap: neither join multiplies an activity,
-- and none loses one, for offsets are known from the year before the first record (an outer join
-- here would make DuckDB build its hash table of the activities)
dated as (
    select
        int_rep_offsets.credited_rep_id as rep_id,
        {{ local_date(
            'int_crm__activities.occurred_at', 'int_rep_offsets', 'int_crm__activities.occurred_day'
        ) }} as date_day,
        int_crm__activities.activity_type,
        int_crm__activities.direction,
        int_crm__activities.outcome,
        coalesce(duration_classes.min_duration_seconds, 0) as min_duration_seconds,
        int_crm__activities.duration_seconds
    from int_crm__activities
    inner join int_rep_offsets
        on
            int_crm__activities.rep_id = int_rep_offsets.rep_id
            and int_crm__activities.occurred_at >= int_rep_offsets.effective_from
            and int_crm__activities.occurred_at < int_rep_offsets.effective_to
    left join duration_classes
        on
            int_crm__activities.duration_seconds >= duration_classes.min_duration_seconds
            and (
                int_crm__activities.duration_seconds < duration_classes.below_seconds
                or duration_classes.below_seconds is null
            )
    {% if is_incremental() %}
    -- by its text, so that what is older is not read
    where
        int_crm__activities.occurred_text >= (
            select
                cast(
                    {{ add_days('min(changed_months.month_start)', -1) }} as {{ type_text() }}
                )
            from changed_months
        )
    {% endif %}
),

counted as (
    select
        rep_id,
        date_day,
        activity_type,
        direction,
        outcome,
        min_duration_seconds,
        count(*) as activity_count,
        count(duration_seconds) as timed_count,
        sum(duration_seconds) as duration_seconds,
        sum(duration_seconds * duration_seconds) as duration_squared,
        {{ first_of_month('date_day') }} as month_start_date
    from dated
    group by 1, 2, 3, 4, 5, 6
),

final as (
    select * from counted
    {% if is_incremental() %}
    where month_start_date in (select changed_months.month_start from changed_months)
    {% endif %}
)

select * from final
