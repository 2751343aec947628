with int_indicator_effects__tested as (
    select * from {{ ref('int_indicator_effects__tested') }}
),

worded as (
    select
        effects.*,
        -- a name within a sentence, unless it is an abbreviation
        {% for kind in ["leading", "lagging"] %}
        case
            when
                substring(effects.{{ kind }}_metric_name, 2, 1)
                = lower(substring(effects.{{ kind }}_metric_name, 2, 1))
                then
                    lower(substring(effects.{{ kind }}_metric_name, 1, 1))
                    || substring(effects.{{ kind }}_metric_name, 2)
            else effects.{{ kind }}_metric_name
        end as {{ kind }}_words,
        {% endfor %}
        case
            when effects.lag_weeks = 0 then 'in the same week or the next'
            when effects.lag_weeks = 1 then 'about a week later'
            else 'about ' || cast(effects.lag_weeks as {{ type_text() }}) || ' weeks later'
        end as delay
    from int_indicator_effects__tested as effects
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        role,
        leading_metric_id,
        leading_metric_name,
        lagging_metric_id,
        lagging_metric_name,
        cast(lag_weeks as integer) as lag_weeks,
        cast(reps as integer) as reps,
        cast(weeks as integer) as weeks,
        case when is_tested then effect end as effect,
        case when is_tested then standard_error end as standard_error,
        case when is_tested then z_score end as z_score,
        p_value,
        q_value,
        verdict,
        case verdict
            when 'supports'
                then
                    'Weeks with more ' || leading_words || ' than usual are followed by more '
                    || lagging_words || ' ' || delay || '.'
            when 'contradicts'
                then
                    'Weeks with more ' || leading_words
                    || ' than usual are followed by a drop in ' || lagging_words || ' '
                    || delay || '.'
            when 'no_evidence'
                then
                    'Whether a rep has more or less ' || leading_words
                    || ' than usual tells nothing about ' || lagging_words || ' ' || delay
                    || ', as far as these records show.'
            when 'not_tested'
                then
                    'One of the two is a ratio or a mean: weeks of one rep hold too few cases to '
                    || 'compare.'
            else
                'Too little history to say whether ' || leading_words || ' leads '
                || lagging_words || '.'
        end as sentence
    from worded
)

select * from final
