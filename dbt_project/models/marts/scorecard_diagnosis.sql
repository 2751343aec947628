{#- up to six steps, and the goal beyond them -#}
{%- set factors = range(1, 8) -%}

with funnels as (
    select * from {{ ref('funnels') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

int_rep_periods as (
    select * from {{ ref('int_rep_periods') }}
),

int_periods as (
    select * from {{ ref('int_periods') }}
),

int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

fct_goals_daily as (
    select * from {{ ref('fct_goals_daily') }}
),

int_rep_goals__resolved as (
    select * from {{ ref('int_rep_goals__resolved') }}
),

int_scorecard_metrics__resolved as (
    select * from {{ ref('int_scorecard_metrics__resolved') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_activity_metrics as (
    select * from {{ ref('int_activity_metrics') }}
),

int_settings as (
    select * from {{ ref('int_settings') }}
),

-- the metrics of a first step are channels that add up; each later step has one metric
steps as (
    select
        funnels.role,
        funnels.step,
        min(funnels.metric_id) as metric_id,
        count(*) as channels,
        max(funnels.step) over (partition by funnels.role) as last_step
    from funnels
    group by funnels.role, funnels.step
),

named_steps as (
    select
        steps.role,
        steps.step,
        steps.last_step,
        steps.metric_id,
        lag(steps.metric_id) over (
            partition by steps.role order by steps.step asc nulls last
        ) as previous_metric_id,
        metrics.metric_name || case when steps.channels > 1 then ' and other channels' else '' end
            as step_name,
        metrics.metric_kind,
        metrics.aggregation,
        metrics.unit,
        metrics.event_type
    from steps
    inner join metrics
        on steps.metric_id = metrics.metric_id
),

-- the catalogue may have a metric for what happens between two steps: a rate, a mean amount
rates as (
    select
        named_steps.role,
        named_steps.step,
        metrics.metric_id as rate_metric_id,
        metrics.metric_name as rate_name,
        metrics.metric_kind as rate_kind,
        row_number() over (
            partition by named_steps.role, named_steps.step
            order by metrics.sort_order asc nulls last, metrics.metric_id asc nulls last
        ) as preference
    from named_steps
    inner join metrics
        on
            (
                named_steps.metric_id = metrics.numerator_metric_id
                and named_steps.previous_metric_id = metrics.denominator_metric_id
            )
            or (
                metrics.aggregation = 'mean'
                and named_steps.aggregation = 'sum'
                and named_steps.unit = metrics.unit
                and named_steps.event_type = metrics.event_type
            )
),

ranked_periods as (
    select
        period_type,
        period_start,
        period_end,
        row_number() over (
            partition by period_type order by period_start desc nulls last
        ) as age
    from int_periods
    where period_type in ('month', 'quarter', 'year', 'last_13_weeks')
),

-- the current period and the last that is closed
recent_periods as (
    select
        period_type,
        period_start,
        period_end
    from ranked_periods
    where age <= 2
),

activity_roles as (
    select distinct funnels.role
    from funnels
    inner join int_activity_metrics
        on funnels.metric_id = int_activity_metrics.metric_id
),

-- where the capture of activities broke, a funnel shows the breakage and not the rep
rep_periods as (
    select int_rep_periods.*
    from int_rep_periods
    inner join recent_periods
        on
            int_rep_periods.period_type = recent_periods.period_type
            and int_rep_periods.period_start = recent_periods.period_start
    cross join int_settings
    left join activity_roles
        on int_rep_periods.role = activity_roles.role
    where
        activity_roles.role is null
        or int_rep_periods.work_days < int_settings.suspect_min_capacity_days
        or coalesce(
            int_rep_periods.coverage_ratio
            >= int_settings.suspect_coverage_ratio * int_rep_periods.team_coverage_ratio, true
        )
),

funnel_metrics as (
    select distinct metric_id from funnels
),

actuals as (
    select
        recent_periods.period_type,
        recent_periods.period_start,
        int_metrics__daily.rep_id,
        int_metrics__daily.metric_id,
        sum(int_metrics__daily.numerator) as actual
    from int_metrics__daily
    inner join funnel_metrics
        on int_metrics__daily.metric_id = funnel_metrics.metric_id
    inner join recent_periods
        on
            int_metrics__daily.date_day between recent_periods.period_start
            and recent_periods.period_end
    group by 1, 2, 3, 4
),

goals as (
    select
        recent_periods.period_type,
        recent_periods.period_start,
        fct_goals_daily.rep_id,
        fct_goals_daily.metric_id,
        sum(
            case when fct_goals_daily.date_day <= {{ goals_due_date() }}
                then fct_goals_daily.daily_goal else 0 end
        ) as goal
    from fct_goals_daily
    inner join funnel_metrics
        on fct_goals_daily.metric_id = funnel_metrics.metric_id
    inner join recent_periods
        on
            fct_goals_daily.date_day between recent_periods.period_start
            and recent_periods.period_end
    where fct_goals_daily.full_goal is not null
    group by 1, 2, 3, 4
),

step_sums as (
    select
        rep_periods.rep_id,
        rep_periods.period_type,
        rep_periods.period_start,
        funnels.step,
        {{ settle('sum(coalesce(actuals.actual, 0))') }} as actual,
        -- without a goal on each channel the step has none
        case
            when count(goals.goal) = count(*) then {{ settle('sum(goals.goal)') }}
        end as goal
    from rep_periods
    inner join funnels
        on rep_periods.role = funnels.role
    left join actuals
        on
            rep_periods.rep_id = actuals.rep_id
            and rep_periods.period_type = actuals.period_type
            and rep_periods.period_start = actuals.period_start
            and funnels.metric_id = actuals.metric_id
    left join goals
        on
            rep_periods.rep_id = goals.rep_id
            and rep_periods.period_type = goals.period_type
            and rep_periods.period_start = goals.period_start
            and funnels.metric_id = goals.metric_id
    group by 1, 2, 3, 4
),

-- `base` is what a step is divided by: capacity for the first, the step before for the others
rep_steps as (
    select
        step_sums.rep_id,
        step_sums.period_type,
        step_sums.period_start,
        rep_periods.role,
        rep_periods.tier,
        step_sums.step,
        named_steps.last_step,
        named_steps.metric_id,
        named_steps.previous_metric_id,
        named_steps.step_name,
        named_steps.aggregation,
        named_steps.unit,
        coalesce(int_scorecard_metrics__resolved.metric_kind, named_steps.metric_kind)
            as metric_kind,
        rates.rate_metric_id,
        rates.rate_name,
        rates.rate_kind,
        step_sums.actual,
        step_sums.goal,
        int_rep_goals__resolved.goal as rate_goal,
        coalesce(
            lag(step_sums.actual) over (
                partition by step_sums.rep_id, step_sums.period_type, step_sums.period_start
                order by step_sums.step asc nulls last
            ), rep_periods.capacity_days
        ) as base
    from step_sums
    inner join rep_periods
        on
            step_sums.rep_id = rep_periods.rep_id
            and step_sums.period_type = rep_periods.period_type
            and step_sums.period_start = rep_periods.period_start
    inner join named_steps
        on
            rep_periods.role = named_steps.role
            and step_sums.step = named_steps.step
    left join rates
        on
            named_steps.role = rates.role
            and named_steps.step = rates.step
            and rates.preference = 1
    left join int_rep_goals__resolved
        on
            rep_periods.rep_version_id = int_rep_goals__resolved.rep_version_id
            and rates.rate_metric_id = int_rep_goals__resolved.metric_id
            and rep_periods.reference_date >= int_rep_goals__resolved.valid_from
            and rep_periods.reference_date < int_rep_goals__resolved.valid_to
    left join int_scorecard_metrics__resolved
        on
            rep_periods.role = int_scorecard_metrics__resolved.role
            and rep_periods.tier = int_scorecard_metrics__resolved.tier
            and named_steps.metric_id = int_scorecard_metrics__resolved.metric_id
),

-- the others of the same role and tier, of the role, or with the same step in their funnel
peered as (
    select
        rep_steps.*,
        {% for scope, keys in {
            "role_tier": "rep_steps.role, rep_steps.tier, rep_steps.step",
            "role": "rep_steps.role, rep_steps.step",
            "organisation": "rep_steps.previous_metric_id, rep_steps.metric_id",
        }.items() %}
        {% for column in ["actual", "base"] %}
        sum(rep_steps.{{ column }}) over (
            partition by rep_steps.period_type, rep_steps.period_start, {{ keys }}
        ) - rep_steps.{{ column }} as {{ scope }}_{{ column }},
        {% endfor %}
        count(*) over (
            partition by rep_steps.period_type, rep_steps.period_start, {{ keys }}
        ) - 1 as {{ scope }}_peers{{ "," if not loop.last }}
        {% endfor %}
    from rep_steps
),

scoped as (
    select
        peered.*,
        case
            when peered.role_tier_peers >= 5 and peered.role_tier_actual > 0 then 'role_tier'
            when peered.role_actual > 0 then 'role'
            else 'organisation'
        end as peer_scope,
        -- a step without a goal of its own has what the step before and a goal on the rate give
        coalesce(
            peered.goal,
            peered.rate_goal * lag(peered.goal) over (
                partition by peered.rep_id, peered.period_type, peered.period_start
                order by peered.step asc nulls last
            )
        ) as implied_goal
    from peered
),

compared as (
    select
        scoped.*,
        case scoped.peer_scope
            {% for scope in ["role_tier", "role", "organisation"] %}
            when '{{ scope }}' then scoped.{{ scope }}_peers
            {% endfor %}
        end as peer_count,
        case scoped.peer_scope
            {% for scope in ["role_tier", "role", "organisation"] %}
            when '{{ scope }}' then scoped.{{ scope }}_actual / nullif(scoped.{{ scope }}_base, 0)
            {% endfor %}
        end as peer_rate,
        case
            when scoped.step = 1 then scoped.goal
            else coalesce(
                scoped.rate_goal,
                scoped.goal / nullif(
                    lag(scoped.implied_goal) over (
                        partition by scoped.rep_id, scoped.period_type, scoped.period_start
                        order by scoped.step asc nulls last
                    ), 0
                )
            )
        end as goal_factor
    from scoped
),

referenced as (
    select
        compared.*,
        coalesce(
            compared.goal_factor,
            case
                when compared.step = 1 then compared.peer_rate * compared.base
                else compared.peer_rate
            end
        ) as reference_factor
    from compared
),

-- a chain with a step that nothing is known about cannot be compared
chained as (
    select
        referenced.*,
        {{ settle('exp(
            sum(ln(nullif(greatest(referenced.reference_factor, 0), 0))) over (
                partition by referenced.rep_id, referenced.period_type, referenced.period_start
                order by referenced.step asc nulls last
                rows between unbounded preceding and current row
            )
        )') }} as expected,
        min(case when referenced.reference_factor > 0 then 1 else 0 end) over (
            partition by referenced.rep_id, referenced.period_type, referenced.period_start
        ) as is_complete,
        max(referenced.actual) over (
            partition by referenced.rep_id, referenced.period_type, referenced.period_start
            order by referenced.step asc nulls last
            rows between 1 following and unbounded following
        ) as later_actual,
        max(case when referenced.metric_kind = 'leading' then referenced.step end) over (
            partition by referenced.rep_id, referenced.period_type, referenced.period_start
            order by referenced.step asc nulls last
            rows between unbounded preceding and current row
        ) as leading_step,
        sum(case when referenced.goal_factor is null then 1 else 0 end) over (
            partition by referenced.rep_id, referenced.period_type, referenced.period_start
            order by referenced.step asc nulls last
            rows between unbounded preceding and current row
        ) as peer_steps
    from referenced
),

results as (
    select
        rep_id,
        period_type,
        period_start,
        metric_id as result_metric_id,
        step_name as result_name,
        unit as result_unit,
        actual as result_actual,
        goal is not null as has_goal,
        coalesce(goal, expected) as result_reference
    from chained
    where
        step = last_step
        and is_complete = 1
        -- a miss that does not show in whole units is none
        and floor(actual + 0.5e0) < floor(coalesce(goal, expected) + 0.5e0)
),

-- a step with fewer than five expected events, or none to divide by, is left out: the factors on
-- its two sides become one. Only who did nothing at all is told about the first step
kept as (
    select
        chained.*,
        lag(chained.step) over (
            partition by chained.rep_id, chained.period_type, chained.period_start
            order by chained.step asc nulls last
        ) as kept_step,
        lag(chained.metric_id) over (
            partition by chained.rep_id, chained.period_type, chained.period_start
            order by chained.step asc nulls last
        ) as kept_metric_id,
        lag(chained.step_name) over (
            partition by chained.rep_id, chained.period_type, chained.period_start
            order by chained.step asc nulls last
        ) as kept_name,
        lag(chained.actual) over (
            partition by chained.rep_id, chained.period_type, chained.period_start
            order by chained.step asc nulls last
        ) as kept_actual,
        lag(chained.expected) over (
            partition by chained.rep_id, chained.period_type, chained.period_start
            order by chained.step asc nulls last
        ) as kept_expected,
        lag(chained.peer_steps) over (
            partition by chained.rep_id, chained.period_type, chained.period_start
            order by chained.step asc nulls last
        ) as kept_peer_steps
    from chained
    inner join results
        on
            chained.rep_id = results.rep_id
            and chained.period_type = results.period_type
            and chained.period_start = results.period_start
    where
        chained.step = chained.last_step
        or (
            chained.expected >= 5
            and (chained.actual > 0 or (chained.step = 1 and chained.later_actual <= 0))
        )
),

chain_factors as (
    select
        kept.rep_id,
        kept.period_type,
        kept.period_start,
        kept.role,
        kept.step,
        case
            when kept.kept_step is null then 'volume:' || kept.metric_id
            else
                case when kept.aggregation = 'sum' then 'size:' else 'conversion:' end
                || kept.kept_metric_id || ':' || kept.metric_id
        end as factor_id,
        case
            when kept.kept_step is null then kept.step_name
            when kept.kept_step = kept.step - 1 and kept.rate_name is not null then kept.rate_name
            else kept.step_name || ' per ' || lower(kept.kept_name)
        end as factor_name,
        case
            when kept.kept_step is null or kept.aggregation = 'sum' then kept.unit
            else 'ratio'
        end as factor_unit,
        kept.metric_id as step_metric_id,
        case
            when kept.kept_step is null then kept.actual
            when kept.kept_actual = 0 then kept.expected / kept.kept_expected
            else kept.actual / kept.kept_actual
        end as factor_actual,
        kept.expected / coalesce(kept.kept_expected, 1) as factor_reference,
        case
            when kept.peer_steps > coalesce(kept.kept_peer_steps, 0) then 'peers'
            else 'goal'
        end as reference_source,
        kept.peer_scope,
        kept.peer_count,
        kept.leading_step,
        case when kept.rate_kind = 'leading' and kept.kept_step = kept.step - 1
            then kept.rate_metric_id end as leading_rate_metric_id,
        kept.actual as scored_actual,
        -- what the step before it, as it was, should have led to
        coalesce(kept.kept_actual / nullif(kept.kept_expected, 0), 1) * kept.expected
            as scored_expected,
        case
            when kept.aggregation = 'sum' and kept.kept_step = kept.step - 1 then kept.kept_actual
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
        goal / expected as factor_reference,
        'goal' as reference_source,
        cast(null as varchar) as peer_scope,
        cast(null as bigint) as peer_count,
        cast(null as integer) as leading_step,
        cast(null as varchar) as leading_rate_metric_id,
        cast(null as {{ type_double() }}) as scored_actual,
        cast(null as {{ type_double() }}) as scored_expected,
        cast(null as {{ type_double() }}) as sizes
    from kept
    where step = last_step and abs(goal / expected - 1) > 1e-6
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

{% set actuals = [] %}{% set references = [] %}
{% for number in factors %}
{% do actuals.append("wide.actual_" ~ number) %}{% do references.append("wide.reference_" ~ number) %}
{% endfor %}
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
        results.result_metric_id,
        results.result_name,
        results.result_unit,
        results.has_goal,
        results.result_actual,
        results.result_reference,
        results.result_actual - results.result_reference as gap,
        coalesce(tested.leading_rate_metric_id, named_steps.metric_id) as leading_metric_id
    from tested
    inner join results
        on
            tested.rep_id = results.rep_id
            and tested.period_type = results.period_type
            and tested.period_start = results.period_start
    left join named_steps
        on
            tested.role = named_steps.role
            and tested.leading_step = named_steps.step
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
            when explained.contribution > explained.least_contribution
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
        rep_periods.rep_name,
        rep_periods.team,
        explained.role,
        explained.period_type,
        rep_periods.period_id,
        explained.period_start,
        rep_periods.period_end,
        rep_periods.is_current,
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
    inner join rep_periods
        on
            explained.rep_id = rep_periods.rep_id
            and explained.period_type = rep_periods.period_type
            and explained.period_start = rep_periods.period_start
)

select * from final
