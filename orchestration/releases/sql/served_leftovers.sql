-- The schemas of releases that no transaction needs: beyond the last ones and replaced for a while,
-- or of another shape.
with publications as (
    select
        schema_name,
        release,
        publication,
        lead(shown_from) over (order by publication) as shown_until
    from {served}._shown
    where shown_from is not null
),

releases as (
    select
        schema_name,
        row_number() over (order by max(publication) desc) as newest,
        bool_or(
            shown_until is null
            or shown_until between clock_timestamp() - interval '{seconds} seconds'
            and clock_timestamp()
        ) as is_needed
    from publications
    where release is not null
    group by schema_name
)

select nspname
from pg_namespace
where
    starts_with(nspname, '{prefix}')
    and nspname not in (select schema_name from releases where newest <= {kept} or is_needed)
order by nspname
