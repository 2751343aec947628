with goals as (
    select * from {{ ref('goals') }}
),

stg_files__goals as (
    select * from {{ ref('stg_files__goals') }}
),

unioned as (
    select
        goal_id,
        lower(scope) as scope,
        coalesce({{ composed_text('scope_value') }}, '') as scope_value,
        coalesce({{ composed_text('tier') }}, '') as tier,
        metric_id,
        lower(period) as period,
        goal,
        lower(coalesce(timing, 'redistribute')) as timing,
        valid_from,
        valid_to,
        'policy' as source
    from goals
    union all
    select
        goal_id,
        lower(scope) as scope,
        coalesce({{ composed_text('scope_value') }}, '') as scope_value,
        coalesce({{ composed_text('tier') }}, '') as tier,
        metric_id,
        lower(period) as period,
        goal,
        lower(coalesce(timing, 'redistribute')) as timing,
        valid_from,
        valid_to,
        'files' as source
    from stg_files__goals
    where not is_deleted
    {%- if crm_sources().split() %}
    union all
    select
        goal_id,
        scope,
        scope_value,
        '' as tier,
        metric_id,
        period,
        goal,
        timing,
        valid_from,
        valid_to,
        source
    from {{ ref('int_goals__of_quotas') }}
    {%- endif %}
)

select * from unioned
