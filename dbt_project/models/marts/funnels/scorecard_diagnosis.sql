{#- up to six steps, and the goal beyond them -#}
{%- set factors = range(1, 8) -%}
{%- set actuals = [] -%}
{%- set references = [] -%}
{%- for number in factors -%}
{%- do actuals.append("wide.actual_" ~ number) -%}
{%- do references.append("wide.reference_" ~ number) -%}
{%- endfor -%}

with scorecard_funnels as (
    select * from {{ ref('scorecard_funnels') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- a miss that does not show in whole units is none
results as (
    select
        rep_id,
        rep_name,
        team,
        period_type,
        period_id,
        period_start,
        period_end,
        is_current,
        metric_id as result_metric_id,
        step_name as result_name,
        unit as result_unit,
        goal is not null as has_goal,
        actual as result_actual,
        coalesce(goal, expected) as result_reference,
        actual - coalesce(goal, expected) as gap
    from scorecard_funnels
    where
        step = last_step
        and floor(actual + 0.5e0) < floor(coalesce(goal, expected) + 0.5e0)
),

steps as (
    select
        scorecard_funnels.*,
        max(scorecard_funnels.actual) over (
            partition by
                scorecard_funnels.rep_id,
                scorecard_funnels.period_type,
                scorecard_funnels.period_start
        ) as most
    from scorecard_funnels
),

-- a step with fewer than five expected events, or none to divide by, is left out: the factors on
-- its two sides become one. Only who did nothing at all is told about the first step
kept_steps as (
    select *
    from steps
    where step = last_step or (expected >= 5 and (actual > 0 or (step = 1 and most <= 0)))
),

kept as (
    select
        {% for column in ["step", "metric_id", "step_name", "actual", "expected", "peer_steps"] %}
        lag(kept_steps.{{ column }}) over (
            partition by kept_steps.rep_id, kept_steps.period_type, kept_steps.period_start
            order by kept_steps.step asc nulls last
        ) as from_{{ column }},
        {% endfor %}
        kept_steps.*
    from kept_steps
),

chain_factors as (
    select
        kept.rep_id,
        kept.period_type,
        kept.period_start,
        kept.role,
        kept.step,
        case
            when kept.from_step is null then 'volume:' || kept.metric_id
            else
                case when kept.aggregation = 'sum' then 'size:' else 'conversion:' end
                || kept.from_metric_id || ':' || kept.metric_id
        end as factor_id,
        case
            when kept.from_step is null then kept.step_name
            when kept.from_step = kept.step - 1 and kept.rate_name is not null then kept.rate_name
            when kept.aggregation = 'sum'
                then kept.step_name || ' per ' || lower(kept.from_step_name)
            else kept.step_name || ' from ' || lower(kept.from_step_name)
        end as factor_name,
        case
            when kept.from_step is null or kept.aggregation = 'sum' then kept.unit
            else 'ratio'
        end as factor_unit,
        kept.metric_id as step_metric_id,
        case
            when kept.from_step is null then kept.actual
            when kept.from_actual = 0 then kept.expected / kept.from_expected
            else kept.actual / kept.from_actual
        end as factor_actual,
        kept.expected / coalesce(kept.from_expected, 1) as factor_reference,
        case
            when kept.peer_steps > coalesce(kept.from_peer_steps, 0) then 'peers'
            else 'goal'
        end as reference_source,
        kept.peer_scope,
        kept.peer_count,
        kept.leading_step,
        case when kept.from_step = kept.step - 1 then kept.leading_rate_metric_id end
            as leading_rate_metric_id,
        kept.actual as scored_actual,
        -- what the step before it, as it was, should have led to
        coalesce(kept.from_actual / nullif(kept.from_expected, 0), 1) * kept.expected
            as scored_expected,
        case
            when kept.aggregation = 'sum' and kept.from_step = kept.step - 1 then kept.from_actual
        end as sizes
    from kept
),

-- the result's own goal may ask for more, or less, than goals and peers along the way lead to
goal_factors as (
    select
        rep_id,
        period_type,
        period_start,
        role,
        last_step + 1 as step,
        'goal:' || metric_id as factor_id,
        'Goal beyond its funnel' as factor_name,
        'ratio' as factor_unit,
        metric_id as step_metric_id,
        1e0 as factor_actual,
        goal / nullif(expected, 0) as factor_reference,
        'goal' as reference_source,
        cast(null as {{ type_text() }}) as peer_scope,
        cast(null as bigint) as peer_count,
        cast(null as integer) as leading_step,
        cast(null as {{ type_text() }}) as leading_rate_metric_id,
        cast(null as {{ type_double() }}) as scored_actual,
        cast(null as {{ type_double() }}) as scored_expected,
        cast(null as {{ type_double() }}) as sizes
    from kept
    where step = last_step and abs(goal / nullif(expected, 0) - 1) > 1e-6
),

unordered_factors as (
    select * from chain_factors
    union all
    select * from goal_factors
),

factors as (
    select
        unordered_factors.*,
        row_number() over (
            partition by
                unordered_factors.rep_id,
                unordered_factors.period_type,
                unordered_factors.period_start
            order by unordered_factors.step asc nulls last
        ) as factor_order
    from unordered_factors
),

-- a factor that is not there is 1 on both sides and contributes nothing
wide as (
    select
        rep_id,
        period_type,
        period_start,
    {% for number in factors %}
    coalesce(max(case when factor_order = {{ number }} then factor_actual end), 1)
        as actual_{{ number }},
    coalesce(max(case when factor_order = {{ number }} then factor_reference end), 1)
        as reference_{{ number }}{{ "," if not loop.last }}
    {% endfor %}
    from factors
    group by 1, 2, 3
),

contributions as (
    select
        factors.*,
        case factors.factor_order
            {% for number in factors %}
            when {{ number }} then {{ shapley_contribution(actuals, references, loop.index0) }}
            {% endfor %}
        end as contribution
    from factors
    inner join wide
        on
            factors.rep_id = wide.rep_id
            and factors.period_type = wide.period_type
            and factors.period_start = wide.period_start
),

-- the same test of luck as on a scorecard; the mean of deals has the scatter of one deal
tested as (
    select
        contributions.*,
        case
            when contributions.sizes is not null then contributions.sizes
            else contributions.scored_expected / nullif(int_dispersions.dispersion, 0)
        end as information,
        case
            when contributions.sizes is not null
                then
                    (contributions.scored_actual - contributions.scored_expected)
                    / sqrt(
                        nullif(
                            greatest(
                                contributions.scored_expected
                                * (int_dispersions.dispersion - contributions.factor_reference), 0
                            ), 0
                        )
                    )
            when contributions.scored_actual < contributions.scored_expected
                then {{ wilson_hilferty_z(
                    '(contributions.scored_actual / int_dispersions.dispersion + 1)',
                    '(contributions.scored_expected / int_dispersions.dispersion)'
                ) }}
            else {{ wilson_hilferty_z(
                '(contributions.scored_actual / int_dispersions.dispersion)',
                '(contributions.scored_expected / int_dispersions.dispersion)'
            ) }}
        end as z_score,
        row_number() over (
            partition by
                contributions.rep_id, contributions.period_type, contributions.period_start
            order by
                case
                    when contributions.contribution >= 0 then 3
                    when contributions.scored_actual is null then 2
                    else 1
                end asc nulls last,
                contributions.contribution asc nulls last,
                contributions.factor_order asc nulls last
        ) as cause_rank,
        min(contributions.contribution) over (
            partition by
                contributions.rep_id, contributions.period_type, contributions.period_start
        ) as least_contribution
    from contributions
    left join int_dispersions
        on
            contributions.step_metric_id = int_dispersions.metric_id
            and contributions.role = int_dispersions.role
            and not int_dispersions.is_organisation
),

explained as (
    select
        tested.*,
        case
            when tested.scored_actual is null then null
            when coalesce(tested.information, 0) < 5 then 'too_little_data'
            when tested.z_score <= -1.96 then 'proven_miss'
            when tested.z_score >= 1.96 then 'proven_excess'
            else 'not_proven'
        end as evidence,
        results.rep_name,
        results.team,
        results.period_id,
        results.period_end,
        results.is_current,
        results.result_metric_id,
        results.result_name,
        results.result_unit,
        results.has_goal,
        results.result_actual,
        results.result_reference,
        results.gap,
        coalesce(tested.leading_rate_metric_id, leading_steps.metric_id) as leading_metric_id
    from tested
    inner join results
        on
            tested.rep_id = results.rep_id
            and tested.period_type = results.period_type
            and tested.period_start = results.period_start
    left join scorecard_funnels as leading_steps
        on
            tested.rep_id = leading_steps.rep_id
            and tested.period_type = leading_steps.period_type
            and tested.period_start = leading_steps.period_start
            and tested.leading_step = leading_steps.step
),

main_causes as (
    select
        explained.rep_id,
        explained.period_type,
        explained.period_start,
        explained.result_name || ': '
        || {{ value_text('(-explained.gap)', 'explained.result_unit') }}
        || case when explained.has_goal then ' below the goal of ' else ' below the peers'' ' end
        || {{ value_text('explained.result_reference', 'explained.result_unit') }} || '. '
        || case
            when
                explained.contribution > explained.least_contribution
                or explained.scored_actual is null
                then 'The goal itself asks for more than its funnel gives. '
            else ''
        end
        || case
            when explained.scored_actual is null then ''
            else
                'Main cause: ' || explained.factor_name || ', '
                || {{ value_text('explained.factor_actual', 'explained.factor_unit') }}
                || ' instead of '
                || {{ value_text('explained.factor_reference', 'explained.factor_unit') }} || ' ('
                || case
                    when explained.contribution < explained.gap then 'more than the whole gap'
                    else
                        {{ percent_text('(explained.contribution / explained.gap)') }}
                        || ' of the gap'
                end
                || case
                    when explained.evidence = 'proven_miss' then ''
                    else ', could be luck'
                end
                || ').'
                || coalesce(' What to raise: ' || metrics.metric_name || '.', '')
        end as sentence
    from explained
    cross join int_settings
    left join metrics
        on explained.leading_metric_id = metrics.metric_id
    where explained.cause_rank = 1
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        explained.rep_id,
        explained.rep_name,
        explained.team,
        explained.role,
        explained.period_type,
        explained.period_id,
        explained.period_start,
        explained.period_end,
        explained.is_current,
        explained.result_metric_id as metric_id,
        explained.result_unit as unit,
        explained.result_actual as actual,
        explained.result_reference as reference,
        {{ settle('explained.gap') }} as gap,
        cast(explained.factor_order as integer) as factor_order,
        explained.factor_id,
        explained.factor_name,
        explained.factor_unit,
        explained.step_metric_id,
        {{ settle('explained.factor_actual') }} as factor_actual,
        {{ settle('explained.factor_reference') }} as factor_reference,
        explained.reference_source,
        case when explained.reference_source = 'peers' then explained.peer_scope end as peer_scope,
        case when explained.reference_source = 'peers' then explained.peer_count end as peer_count,
        {{ settle('explained.contribution') }} as contribution,
        {{ settle('explained.contribution / explained.gap') }} as share_of_gap,
        explained.cause_rank = 1 as is_main_cause,
        explained.z_score,
        explained.evidence,
        explained.leading_metric_id,
        main_causes.sentence
    from explained
    inner join main_causes
        on
            explained.rep_id = main_causes.rep_id
            and explained.period_type = main_causes.period_type
            and explained.period_start = main_causes.period_start
)

select * from final
