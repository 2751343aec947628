with int_one_on_one_metrics__worded as (
    select * from {{ ref('int_one_on_one_metrics__worded') }}
),

placed as (
    select
        rep_id,
        week_start_date,
        {% for list, condition, rank, text in [
            ("changes", "is_moved", "moved_rank", "moved"),
            ("wins", "side = 'above'", "side_rank", "standing"),
            ("misses", "side = 'below'", "side_rank", "standing"),
            ("untold", "is_untold", "untold_rank", "untold"),
        ] %}
        {% for number in range(1, 7 if list == "untold" else 5) %}
        max(case when {{ condition }} and {{ rank }} = {{ number }} then {{ text }} end)
            as {{ list }}_{{ number }},
        {% endfor %}
        {% endfor %}
        max(case when status = 'data_suspect' then gap_words end) as gap_words,
        max(case when is_compared then 1 else 0 end) = 1 as is_compared,
        max(case when has_goal then 1 else 0 end) = 1 as has_goal,
        cast(sum(case when is_moved then 1 else 0 end) as bigint) as metrics_moved
    from int_one_on_one_metrics__worded
    group by 1, 2
),

joined as (
    select
        rep_id,
        week_start_date,
        metrics_moved,
        {% for list in ["changes", "wins", "misses", "untold"] %}
        {{ list }}_1
        {% for number in range(2, 7 if list == "untold" else 5) %}
        || coalesce('; ' || {{ list }}_{{ number }}, '')
        {% endfor %}
        || '.' as {{ list }},
        {% endfor %}
        gap_words,
        is_compared,
        has_goal
    from placed
),

-- what cannot be told is not fine
listed as (
    select
        rep_id,
        week_start_date,
        metrics_moved,
        case
            when changes is not null then changes
            when is_compared then 'No status moved.'
            else 'Not known: there is nothing of a week before to compare with.'
        end as changes,
        case
            when wins is not null then wins
            when has_goal then 'Nothing stands out above the goal.'
            else 'Not known: no metric has a goal.'
        end as wins,
        case
            when misses is not null then misses || coalesce(' Not known: ' || untold, '')
            when untold is not null
                then 'Not known: ' || untold || ' Nothing else is below its level.'
            when has_goal then 'Nothing is below its level.'
            else 'Not known: no metric has a goal.'
        end as misses,
        gap_words || ': leave, a broken integration, or no work? Enter time off, or confirm.'
            as data_problem
    from joined
)

select * from listed
