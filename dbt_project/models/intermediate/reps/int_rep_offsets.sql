{{ config(meta={'compared': true}) }}

-- a rep has some ten rows, found by the rep alone: given the days of each zone beside the rep's
-- zone, DuckDB joins a hundred million activities with the days first, once for each zone

with int_crm__reps as (
    select * from {{ ref('int_crm__reps') }}
),

int_crm__activities as (
    select * from {{ ref('int_crm__activities') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

int_zone_offsets as (
    select * from {{ ref('int_zone_offsets') }}
),

known_reps as (
    select distinct rep_id from int_crm__reps
),

logged_reps as (
    select distinct rep_id from int_crm__activities
),

-- records of no rep, or of one that the source does not know, are kept: they are the
-- organisation's, dated in the company's time zone
unknown_reps as (
    select 'unassigned' as rep_id
    union
    select logged_reps.rep_id
    from logged_reps
    left join known_reps
        on logged_reps.rep_id = known_reps.rep_id
    where known_reps.rep_id is null
),

-- a version begins at midnight of the place left. Where clocks skip that midnight, it begins with
-- the first moment of the day; where they show it twice, with the first
begun as (
    select
        left_versions.rep_id,
        left_versions.version_number + 1 as version_number,
        min(
            {{ higher_of(
                add_seconds(
                    'cast(left_versions.effective_to as timestamp)',
                    '-int_zone_offsets.offset_seconds'
                ),
                'int_zone_offsets.effective_from'
            ) }}
        ) as begins_at
    from int_crm__reps as left_versions
    inner join int_zone_offsets
        on
            left_versions.time_zone = int_zone_offsets.time_zone
            and cast(left_versions.effective_to as timestamp) < {{ add_seconds(
                'int_zone_offsets.effective_to', 'int_zone_offsets.offset_seconds'
            ) }}
    where not left_versions.is_current
    group by 1, 2
),

versions as (
    select
        int_crm__reps.rep_id,
        int_crm__reps.version_number,
        int_crm__reps.time_zone,
        coalesce(begun.begins_at, cast(int_crm__reps.effective_from as timestamp))
            as effective_from
    from int_crm__reps
    left join begun
        on
            int_crm__reps.rep_id = begun.rep_id
            and int_crm__reps.version_number = begun.version_number
),

rep_zones as (
    select
        rep_id,
        rep_id as credited_rep_id,
        effective_from,
        coalesce(
            lead(effective_from) over (
                partition by rep_id order by version_number asc nulls last
            ),
            cast('9999-12-31' as timestamp)
        ) as effective_to,
        time_zone
    from versions
    union all
    select
        unknown_reps.rep_id,
        'unassigned' as credited_rep_id,
        cast('1900-01-01' as timestamp) as effective_from,
        cast('9999-12-31' as timestamp) as effective_to,
        int_settings.company_time_zone as time_zone
    from unknown_reps
    cross join int_settings
),

final as (
    select
        rep_zones.rep_id,
        rep_zones.credited_rep_id,
        {{ higher_of('rep_zones.effective_from', 'int_zone_offsets.effective_from') }}
            as effective_from,
        {{ lower_of('rep_zones.effective_to', 'int_zone_offsets.effective_to') }}
            as effective_to,
        int_zone_offsets.offset_seconds
    from rep_zones
    inner join int_zone_offsets
        on
            rep_zones.time_zone = int_zone_offsets.time_zone
            and rep_zones.effective_from < int_zone_offsets.effective_to
            and rep_zones.effective_to > int_zone_offsets.effective_from
)

select * from final
