-- Whether what was said of a day stays as it is: what speaks now came before it, or a later day was
-- published after it, or was over already when it was said. A day that lay ahead then was that of
-- a wrong clock and settles nothing.
with said as (
    select
        max(release_id) as release_id,
        max(published_at) as published_at
    from {{ target }}
    where as_of_date = {{ day }}
),

later as (
    select
        release_id,
        as_of_date
    from {{ target }}
    where as_of_date > {{ day }}
    group by 1, 2
)

select
    coalesce(
        max(said.release_id) >= {{ release_id }}
        or bool_or(
            later.release_id > said.release_id
            or later.as_of_date <= cast(said.published_at as date)
        ),
        false
    )
from said
left join later on true
