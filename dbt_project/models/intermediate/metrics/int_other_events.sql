{{ config(materialized='view') }}

with int_other_moments as (
    select * from {{ ref('int_other_moments') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

rules as (
    select distinct
        event_type,
        source_table,
        lower(outcome) as outcome
    from event_rules
    where source_table in ('leads', 'opportunity_stage_changes')
),

-- one offset per rep and moment: the join does not multiply. Grouped, because two rules of one
-- event must not count a record twice on a day
events as (
    select
        int_other_moments.source,
        int_other_moments.record_id,
        int_other_moments.rep_id,
        {{ local_date(
            'int_other_moments.happened_at', 'int_rep_offsets', 'int_other_moments.happened_day'
        ) }} as date_day,
        rules.source_table,
        rules.event_type,
        min(int_other_moments.outcome) as outcome,
        max(int_other_moments.credit) as credit
    from int_other_moments
    inner join rules
        on
            int_other_moments.source_table = rules.source_table
            and int_other_moments.outcome = coalesce(rules.outcome, int_other_moments.outcome)
    left join int_rep_offsets
        on
            int_other_moments.rep_id = int_rep_offsets.rep_id
            and int_other_moments.happened_at >= int_rep_offsets.effective_from
            and int_other_moments.happened_at < int_rep_offsets.effective_to
    group by 1, 2, 3, 4, 5, 6
)

select * from events
