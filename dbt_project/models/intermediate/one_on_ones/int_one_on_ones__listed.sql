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
        {% for number in [1, 2, 3, 4] %}
        max(case when {{ condition }} and {{ rank }} = {{ number }} then {{ text }} end)
            as {{ list }}_{{ number }},
        {% endfor %}
        {% endfor %}
        max(case when status = 'data_suspect' then gap_words end) as gap_words,
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
        {% for number in [2, 3, 4] %}
        || coalesce('; ' || {{ list }}_{{ number }}, '')
        {% endfor %}
        || '.' as {{ list }},
        {% endfor %}
        gap_words
    from placed
),

-- what cannot be told is not fine
listed as (
    select
        rep_id,
        week_start_date,
        metrics_moved,
        coalesce(changes, 'No status moved.') as changes,
        coalesce(wins, 'Nothing stands out above the goal.') as wins,
        coalesce(
            misses || coalesce(' Not known: ' || untold, ''),
            'Not known: ' || untold || ' Nothing else is below its level.',
            'Nothing is below its level.'
        ) as misses,
        gap_words || ': leave, a broken integration, or no work? Enter time off, or confirm.'
            as data_problem
    from joined
)

select * from listed
