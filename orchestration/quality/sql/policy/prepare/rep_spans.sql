-- what: the days on which a rep was employed with the same team, role, tier and region

with versions as (
    select
        *,
        lead(valid_from) over (partition by rep_id order by valid_from asc nulls first)
            as next_from,
        row_number() over (partition by rep_id order by valid_from asc nulls first) as version
    from source_reps
    where coalesce(_is_deleted, 'false') <> 'true'
),

spans as (
    select
        trim(rep_id) as rep_id,
        trim(rep_name) as rep_name,
        nfc_normalize(coalesce(nullif(trim(team), ''), 'No team')) as team,
        nfc_normalize(coalesce(trim(region), '')) as region,
        nfc_normalize(coalesce(trim(role), '')) as role,
        nfc_normalize(coalesce(trim(tier), '')) as tier,
        file_row_number,
        -- the first version known holds for the time before it too
        greatest(
            case when version = 1 then date '1900-01-01' else cast(valid_from as date) end,
            coalesce(cast(hire_date as date), date '1900-01-01')
        ) as first_day,
        least(
            coalesce(cast(next_from as date) - 1, date '9999-12-31'),
            coalesce(cast(end_date as date), date '9999-12-31')
        ) as last_day
    from versions
)

select * from spans where first_day <= last_day
