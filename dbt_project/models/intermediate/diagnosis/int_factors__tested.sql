{#- up to six steps, and the goal beyond them -#}
{%- set factors = range(1, 8) -%}
{%- set actuals = [] -%}
{%- set references = [] -%}
{%- for number in factors -%}
{%- do actuals.append("wide.actual_" ~ number) -%}
{%- do references.append("wide.reference_" ~ number) -%}
{%- endfor -%}

with int_factors__ordered as (
    select * from {{ ref('int_factors__ordered') }}
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- the gap is split by Shapley value: the order of the factors does not matter, nothing remains.
-- A factor that is not there is 1 on both sides and contributes nothing
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
    from int_factors__ordered
    group by 1, 2, 3
),

contributed as (
    select
        int_factors__ordered.*,
        case int_factors__ordered.factor_order
            {% for number in factors %}
            when {{ number }} then {{ shapley_contribution(actuals, references, loop.index0) }}
            {% endfor %}
        end as contribution
    from int_factors__ordered
    inner join wide
        on
            int_factors__ordered.rep_id = wide.rep_id
            and int_factors__ordered.period_type = wide.period_type
            and int_factors__ordered.period_start = wide.period_start
),

-- the same test of luck as on a scorecard; the mean of deals has the scatter of one deal
tested as (
    select
        contributed.*,
        int_constants.min_information,
        int_constants.proven_z,
        case
            when contributed.sizes is not null then contributed.sizes
            else contributed.scored_expected / nullif(int_dispersions.dispersion, 0)
        end as information,
        case
            when contributed.sizes is not null
                then
                    (contributed.scored_actual - contributed.scored_expected)
                    / sqrt(
                        nullif(
                            {{ higher_of(
                                'contributed.scored_expected
                                * (int_dispersions.dispersion - contributed.factor_reference)', '0'
                            ) }}, 0
                        )
                    )
            when contributed.scored_actual < contributed.scored_expected
                then {{ wilson_hilferty_z(
                    '(contributed.scored_actual / int_dispersions.dispersion + 1)',
                    '(contributed.scored_expected / int_dispersions.dispersion)'
                ) }}
            else {{ wilson_hilferty_z(
                '(contributed.scored_actual / int_dispersions.dispersion)',
                '(contributed.scored_expected / int_dispersions.dispersion)'
            ) }}
        end as z_score
    from contributed
    cross join int_constants
    left join int_dispersions
        on
            contributed.step_metric_id = int_dispersions.metric_id
            and contributed.role = int_dispersions.role
            and not int_dispersions.is_organisation
),

-- the goal itself is the cause only where no step explains anything
final as (
    select
        tested.*,
        case
            when scored_actual is null then null
            when coalesce(information, 0) < min_information then 'too_little_data'
            when z_score <= -proven_z then 'proven_miss'
            when z_score >= proven_z then 'proven_excess'
            else 'not_proven'
        end as evidence,
        row_number() over (
            partition by rep_id, period_type, period_start
            order by
                case
                    when contribution >= 0 then 3
                    when scored_actual is null then 2
                    else 1
                end asc nulls last,
                contribution asc nulls last,
                factor_order asc nulls last
        ) as cause_rank,
        min(contribution) over (partition by rep_id, period_type, period_start)
            as least_contribution
    from tested
)

select * from final
