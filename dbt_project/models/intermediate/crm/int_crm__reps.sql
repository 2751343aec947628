with sourced_reps as (
    {{ source_records('reps') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- the first version holds for all days before it too: history older than the export has a rep
versions as (
    select
        sourced_reps.*,
        row_number() over (
            partition by sourced_reps.rep_id
            order by sourced_reps.valid_from asc nulls first
        ) as version_number,
        lead(sourced_reps.valid_from) over (
            partition by sourced_reps.rep_id
            order by sourced_reps.valid_from asc nulls first
        ) as valid_to
    from sourced_reps
    where not sourced_reps.is_deleted
),

completed as (
    select
        versions.rep_id || '@' || cast(versions.version_number as {{ type_text() }})
            as rep_version_id,
        versions.rep_id,
        versions.manager_id,
        {{ composed_text('versions.rep_name') }} as rep_name,
        versions.email,
        coalesce({{ composed_text('versions.team') }}, 'No team') as team,
        coalesce({{ composed_text('versions.region') }}, '') as region,
        coalesce({{ composed_text('versions.role') }}, '') as role,
        coalesce({{ composed_text('versions.tier') }}, '') as tier,
        coalesce(versions.calendar, int_settings.default_calendar) as calendar,
        coalesce(versions.time_zone, int_settings.company_time_zone) as time_zone,
        coalesce(versions.fte, 1) as fte,
        versions.version_number,
        versions.hire_date,
        versions.end_date,
        versions.valid_from,
        case
            when versions.version_number = 1 then cast('1900-01-01' as date)
            else versions.valid_from
        end as effective_from,
        versions.valid_to,
        coalesce(versions.valid_to, cast('9999-12-31' as date)) as effective_to,
        versions.valid_to is null as is_current
    from versions
    cross join int_settings
)

select * from completed
