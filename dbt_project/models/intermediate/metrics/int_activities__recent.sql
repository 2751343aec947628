with int_activities__late as (
    select * from {{ ref('int_activities__late') }}
),

int_publications as (
    select * from {{ ref('int_publications') }}
),

int_rep_offsets as (
    select * from {{ ref('int_rep_offsets') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

first_publication as (
    select min(published_at) as published_at from int_publications
),

-- a load that reads everything again does not tell when a record was added
first_load as (
    select min(modified_text) as loaded_text
    from ({{ source_records('activities') }}) as all_activities
),

bounds as (
    select
        first_publication.published_at as first_published_at,
        {{ to_utc_timestamp('first_load.loaded_text') }} as loaded_at,
        {{ add_days(as_of_date(), '-int_settings.signal_days') }} as near_date
    from first_publication
    cross join first_load
    cross join int_settings
),

-- what is recent is looked for by its text, so that what is older is not read
scanned as (
    select
        rep_id,
        activity_type,
        direction,
        outcome,
        duration_seconds,
        is_deleted,
        occurred_day,
        occurred_at,
        created_at,
        updated_at,
        modified_at,
        true as is_near
    from ({{ source_records('activities') }}) as near_activities
    where
        occurred_text >= (select cast(bounds.near_date as {{ type_text() }}) from bounds)
    union all
    select
        rep_id,
        activity_type,
        direction,
        outcome,
        duration_seconds,
        is_deleted,
        occurred_day,
        occurred_at,
        created_at,
        updated_at,
        modified_at,
        false as is_near
    from int_activities__late
    where occurred_at < (select bounds.near_date from bounds)
),

entered as (
    select
        scanned.*,
        coalesce(
            scanned.created_at,
            case when scanned.modified_at > bounds.loaded_at then scanned.modified_at end
        ) as entered_at,
        case
            when
                scanned.modified_at > bounds.loaded_at
                and scanned.modified_at > coalesce(scanned.updated_at, bounds.loaded_at)
                then scanned.modified_at
            else scanned.updated_at
        end as changed_at,
        bounds.first_published_at
    from scanned
    cross join bounds
),

-- of what is not recent only that counts which came or changed after something had been published
kept as (
    select
        coalesce(rep_id, 'unassigned') as rep_id,
        activity_type,
        direction,
        outcome,
        duration_seconds,
        is_deleted,
        is_near,
        occurred_day,
        occurred_at,
        created_at,
        entered_at,
        changed_at
    from entered
    where
        is_near
        or (
            entered_at > first_published_at
            and cast(entered_at as date) > cast(occurred_at as date)
        )
        or (
            changed_at > first_published_at
            and cast(changed_at as date) > cast(occurred_at as date)
        )
),

-- one offset per rep and moment, one publication per moment: no join multiplies a record
dated as (
    select
        int_rep_offsets.credited_rep_id as rep_id,
        {{ local_date('kept.occurred_at', 'int_rep_offsets', 'kept.occurred_day') }} as date_day,
        lower(kept.activity_type) as activity_type,
        coalesce(lower(kept.direction), '') as direction,
        coalesce(lower(kept.outcome), '') as outcome,
        kept.duration_seconds,
        kept.occurred_at,
        kept.created_at,
        kept.is_deleted,
        kept.is_near,
        at_entry.as_of_date as entered_after,
        at_change.as_of_date as changed_after
    from kept
    inner join int_rep_offsets
        on
            kept.rep_id = int_rep_offsets.rep_id
            and kept.occurred_at >= int_rep_offsets.effective_from
            and kept.occurred_at < int_rep_offsets.effective_to
    left join int_publications as at_entry
        on
            kept.entered_at > at_entry.published_at
            and kept.entered_at <= at_entry.next_published_at
    left join int_publications as at_change
        on
            kept.changed_at > at_change.published_at
            and kept.changed_at <= at_change.next_published_at
),

final as (
    select
        dated.rep_id,
        dated.date_day,
        dated.activity_type,
        dated.direction,
        dated.outcome,
        dated.duration_seconds,
        dated.occurred_at,
        dated.created_at,
        dated.is_deleted,
        dated.date_day > {{ add_days(as_of_date(), '-int_settings.signal_days') }}
        and dated.date_day <= {{ as_of_date() }} as is_recent,
        dated.entered_after,
        dated.changed_after
    from dated
    cross join int_settings
    where
        dated.is_near
        or dated.entered_after >= dated.date_day
        or dated.changed_after >= dated.date_day
)

select * from final
