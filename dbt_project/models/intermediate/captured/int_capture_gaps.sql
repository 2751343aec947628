{{ config(meta={'compared': true}) }}

{%- set passes = 4 -%}

with int_silent_runs as (
    select * from {{ ref('int_silent_runs') }}
),

int_usual_days as (
    select * from {{ ref('int_usual_days') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- earlier gaps are left out of what is usual, and that can make a later run a gap. Each pass sees
-- the gaps of the one before; more passes would matter only to a fifth gap within 91 days
{% for number in range(passes) %}
{% if number > 0 %}
lost_{{ number }} as (
    select
        later.scope,
        later.scope_id,
        later.kind,
        later.first_day,
        count(*) as lost_days
    from int_silent_runs as later
    cross join int_constants
    inner join gaps_{{ number - 1 }} as earlier
        on
            later.scope = earlier.scope
            and later.scope_id = earlier.scope_id
            and later.kind = earlier.kind
            and earlier.first_day < later.first_day
            and earlier.last_day
            >= {{ add_days('later.first_day', '-int_constants.gap_history_days') }}
    inner join int_usual_days
        on
            earlier.scope = int_usual_days.scope
            and earlier.scope_id = int_usual_days.scope_id
            and earlier.kind = int_usual_days.kind
            and int_usual_days.date_day >= earlier.first_day
            and int_usual_days.date_day <= earlier.last_day
            and int_usual_days.date_day
            >= {{ add_days('later.first_day', '-int_constants.gap_history_days') }}
    group by 1, 2, 3, 4
),

{% endif %}
gaps_{{ number }} as (
    select int_silent_runs.*
    from int_silent_runs
    cross join int_constants
    {% if number > 0 %}
    left join lost_{{ number }} as lost
        on
            int_silent_runs.scope = lost.scope
            and int_silent_runs.scope_id = lost.scope_id
            and int_silent_runs.kind = lost.kind
            and int_silent_runs.first_day = lost.first_day
    {% endif %}
    {%- set lost = "coalesce(lost.lost_days, 0)" if number > 0 else "0" %}
    where
        power(
            (int_silent_runs.silent_before - {{ lost }} + 1e0)
            / (int_silent_runs.days_before - {{ lost }} + 2e0),
            int_silent_runs.silent_days
        ) * int_constants.gap_starts < int_constants.gap_risk
),

{% endfor %}
final as (
    select
        scope,
        scope_id,
        kind,
        first_day,
        last_day,
        silent_days
    from gaps_{{ passes - 1 }}
)

select * from final
