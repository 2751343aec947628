with scorecard_history as (
    select * from {{ source('raw_published', 'scorecard_history') }}
),

published as (
    select
        as_of_date,
        min(published_at) as published_at
    from scorecard_history
    group by 1
),

-- the latest day that had been published at each moment, until the next publication
releases as (
    select
        max(as_of_date) over (
            order by published_at asc nulls last, as_of_date asc nulls last
            rows between unbounded preceding and current row
        ) as as_of_date,
        published_at,
        coalesce(
            lead(published_at) over (
                order by published_at asc nulls last, as_of_date asc nulls last
            ),
            cast('9999-12-31' as timestamp)
        ) as next_published_at
    from published
)

select * from releases
