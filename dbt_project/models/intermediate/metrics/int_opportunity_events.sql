{{ config(materialized='view') }}

{#- a deal that was closed before it was created has no cycle, but is a deal -#}
{%- set cycle -%}
    case
        when created_date <= close_date
            then {{ dbt.datediff('created_date', 'close_date', 'day') }}
    end
{%- endset -%}

with int_opportunities__credited as (
    select * from {{ ref('int_opportunities__credited') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

-- one offset per rep and moment: the join does not multiply
opened as (
    select
        int_opportunities__credited.*,
        {{ local_date(
            'int_opportunities__credited.created_at',
            'int_rep_offsets',
            'int_opportunities__credited.created_day'
        ) }} as created_date
    from int_opportunities__credited
    left join int_rep_offsets
        on
            int_opportunities__credited.rep_id = int_rep_offsets.rep_id
            and int_opportunities__credited.created_at >= int_rep_offsets.effective_from
            and int_opportunities__credited.created_at < int_rep_offsets.effective_to
),

happenings as (
    select
        source,
        opportunity_id,
        rep_id,
        created_date as date_day,
        'created' as outcome,
        opportunity_type,
        split_ratio,
        company_amount,
        cast(null as integer) as days
    from opened
    where created_date is not null
    union all
    select
        source,
        opportunity_id,
        rep_id,
        close_date as date_day,
        case when is_won then 'won' else 'lost' end as outcome,
        opportunity_type,
        split_ratio,
        company_amount,
        {{ cycle }} as days
    from opened
    where is_closed and close_date is not null
    union all
    select
        source,
        opportunity_id,
        rep_id,
        close_date as date_day,
        'closed' as outcome,
        opportunity_type,
        split_ratio,
        company_amount,
        {{ cycle }} as days
    from opened
    where is_closed and close_date is not null
),

rules as (
    select distinct
        event_type,
        lower(outcome) as outcome,
        lower(activity_type) as opportunity_type
    from event_rules
    where source_table = 'opportunities'
),

-- distinct, because two rules of one event must not count a deal twice
events as (
    select distinct
        happenings.source,
        happenings.opportunity_id,
        happenings.rep_id,
        happenings.date_day,
        rules.event_type,
        happenings.split_ratio,
        happenings.company_amount,
        happenings.days
    from happenings
    inner join rules
        on
            happenings.outcome = rules.outcome
            and coalesce(rules.opportunity_type, happenings.opportunity_type, '')
            = coalesce(happenings.opportunity_type, '')
)

select * from events
