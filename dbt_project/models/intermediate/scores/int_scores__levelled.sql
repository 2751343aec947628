with int_rep_scores__measured as (
    select * from {{ ref('int_rep_scores__measured') }}
),

int_team_scores__measured as (
    select * from {{ ref('int_team_scores__measured') }}
),

int_levels__resolved as (
    select * from {{ ref('int_levels__resolved') }}
),

unioned as (
    select * from int_rep_scores__measured
    union all
    select * from int_team_scores__measured
),

attained as (
    select
        unioned.*,
        case
            when unioned.untold_status is null
                then
                    {{ attainment(
                        'unioned.judged_actual', 'unioned.judged_goal', 'unioned.is_higher_better'
                    ) }}
        end as attainment,
        {{ attainment(
            'unioned.gapless_actual', 'unioned.gapless_goal', 'unioned.is_higher_better'
        ) }} as gapless_attainment
    from unioned
),

-- the half-open ranges of a metric and role do not overlap; 1e-9 forgives sums of daily goals
levelled as (
    select
        attained.*,
        int_levels__resolved.level,
        gapless_levels.level as gapless_level
    from attained
    {% for attainment, levels in {
        "attainment": "int_levels__resolved", "gapless_attainment": "gapless_levels"
    }.items() %}
    left join int_levels__resolved{{ " as " ~ levels if not loop.first }}
        on
            attained.metric_id = {{ levels }}.metric_id
            and attained.role = {{ levels }}.role
            and attained.{{ attainment }} + 1e-9 >= {{ levels }}.min_attainment
            and attained.{{ attainment }} + 1e-9 < {{ levels }}.below_attainment
    {% endfor %}
),

-- the days of a rep's gap count; the figures are suspect where they alone could make the miss
final as (
    select
        levelled.*,
        gap_days > 0
        and level = 'needs_intervention'
        and coalesce(gapless_level, '') <> 'needs_intervention' as is_suspect
    from levelled
)

select * from final
