with sourced_opportunities as (
    {{ source_records('opportunities', with_source=true) }}
),

sourced_leads as (
    {{ source_records('leads', with_source=true) }}
),

sourced_stage_changes as (
    {{ source_records('opportunity_stage_changes', with_source=true) }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

known_reps as (
    select distinct rep_id from {{ ref('int_crm__reps') }}
),

deals as (
    select
        record_source as source,
        'opportunities' as source_table,
        opportunity_id as record_id,
        rep_id,
        lower(opportunity_type) as opportunity_type,
        is_deleted,
        false as is_orphan,
        amount is not null as has_amount,
        is_closed,
        is_won,
        close_date,
        created_day,
        created_at
    from sourced_opportunities
),

-- what happened to a record, whether the day is known or not
happened as (
    select
        source, source_table, record_id, rep_id, opportunity_type, is_deleted, is_orphan,
        has_amount, created_day, created_at, 'created' as outcome, created_day as happened_day,
        created_at as happened_at
    from deals
    {% for outcome, condition in {
        "won": "is_won", "lost": "not is_won", "closed": "true"
    }.items() %}
    union all
    select
        source, source_table, record_id, rep_id, opportunity_type, is_deleted, is_orphan,
        has_amount, created_day, created_at, '{{ outcome }}' as outcome, close_date as happened_day,
        cast(close_date as timestamp) as happened_at
    from deals
    where is_closed and {{ condition }}
    {% endfor %}
    {% for outcome, condition in {
        "created": "true", "converted": "converted_at is not null"
    }.items() %}
    union all
    select
        record_source as source, 'leads' as source_table, lead_id as record_id, rep_id,
        cast(null as {{ type_text() }}) as opportunity_type, is_deleted, false as is_orphan,
        false as has_amount, created_day, created_at, '{{ outcome }}' as outcome,
        {{ outcome }}_day as happened_day, {{ outcome }}_at as happened_at
    from sourced_leads
    where {{ condition }}
    {% endfor %}
    -- a stage change is its deal's: a deleted deal takes its changes with it
    union all
    select
        changes.record_source as source, 'opportunity_stage_changes' as source_table,
        changes.opportunity_id || ' ' || coalesce(cast(changes.changed_at as {{ type_text() }}), '')
        || ' ' || coalesce(changes.to_stage, '') as record_id,
        deals.rep_id, cast(null as {{ type_text() }}) as opportunity_type, changes.is_deleted,
        deals.record_id is null as is_orphan, false as has_amount,
        changes.changed_day as created_day, changes.changed_at as created_at,
        lower(changes.to_stage) as outcome, changes.changed_day as happened_day,
        changes.changed_at as happened_at
    from sourced_stage_changes as changes
    left join deals
        on changes.opportunity_id = deals.record_id and not deals.is_deleted
),

owned as (
    select
        happened.*,
        coalesce(known_reps.rep_id, 'unassigned') as owner_id
    from happened
    left join known_reps
        on happened.rep_id = known_reps.rep_id
),

final as (
    select
        owned.source,
        owned.source_table,
        owned.record_id,
        owned.owner_id as rep_id,
        owned.opportunity_type,
        owned.outcome,
        owned.is_deleted,
        owned.is_orphan,
        owned.has_amount,
        {{ local_date('owned.created_at', 'created_offsets', 'owned.created_day') }}
            as created_date,
        {{ local_date('owned.happened_at', 'happened_offsets', 'owned.happened_day') }}
            as date_day
    from owned
    {% for moment in ["created", "happened"] %}
    left join int_rep_offsets as {{ moment }}_offsets
        on
            owned.owner_id = {{ moment }}_offsets.rep_id
            and owned.{{ moment }}_at >= {{ moment }}_offsets.effective_from
            and owned.{{ moment }}_at < {{ moment }}_offsets.effective_to
    {% endfor %}
)

select * from final
