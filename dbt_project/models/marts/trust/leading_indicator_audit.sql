with int_metrics__daily as (
    select * from {{ ref('int_metrics__daily') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_opportunities__credited as (
    select * from {{ ref('int_opportunities__credited') }}
),

scorecard_metrics as (
    select * from {{ ref('scorecard_metrics') }}
),

funnels as (
    select * from {{ ref('funnels') }}
),

event_rules as (
    select * from {{ ref('event_rules') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- the lagging metric that weighs most on a role's scorecard, among those that add up
ranked_results as (
    select
        scorecard_metrics.role,
        scorecard_metrics.metric_id,
        row_number() over (
            partition by scorecard_metrics.role
            order by
                scorecard_metrics.weight desc nulls last,
                scorecard_metrics.sort_order asc nulls last,
                scorecard_metrics.metric_id asc nulls last
        ) as place
    from scorecard_metrics
    inner join metrics
        on scorecard_metrics.metric_id = metrics.metric_id
    where scorecard_metrics.metric_kind = 'lagging' and metrics.aggregation in ('count', 'sum')
),

-- several metrics of one step of a funnel add up, and each of them is asked
pairs as (
    select
        scorecard_metrics.role,
        scorecard_metrics.metric_id as leading_metric_id,
        ranked_results.metric_id as lagging_metric_id
    from scorecard_metrics
    inner join ranked_results
        on
            scorecard_metrics.role = ranked_results.role
            and ranked_results.place = 1
    where scorecard_metrics.metric_kind = 'leading'
    union
    select
        earlier_steps.role,
        earlier_steps.metric_id as leading_metric_id,
        later_steps.metric_id as lagging_metric_id
    from funnels as earlier_steps
    inner join funnels as later_steps
        on
            earlier_steps.role = later_steps.role
            and earlier_steps.step + 1 = later_steps.step
),

closing_metrics as (
    select distinct metrics.metric_id
    from metrics
    inner join event_rules
        on metrics.event_type = event_rules.event_type
    where
        event_rules.source_table = 'opportunities'
        and lower(event_rules.outcome) in ('won', 'lost', 'closed')
),

won_deals as (
    select
        int_rep_days.role,
        {{ dbt.datediff(
            'cast(int_opportunities__credited.created_at as date)',
            'int_opportunities__credited.close_date', 'day'
        ) }} as cycle_days,
        row_number() over (
            partition by int_rep_days.role
            order by
                {{ dbt.datediff(
                    'cast(int_opportunities__credited.created_at as date)',
                    'int_opportunities__credited.close_date', 'day'
                ) }} asc nulls last,
                int_opportunities__credited.opportunity_id asc nulls last
        ) as place,
        count(*) over (partition by int_rep_days.role) as deals
    from int_opportunities__credited
    inner join int_rep_days
        on
            int_opportunities__credited.rep_id = int_rep_days.rep_id
            and int_opportunities__credited.close_date = int_rep_days.date_day
    where
        int_opportunities__credited.is_won
        and int_opportunities__credited.close_date <= {{ as_of_date() }}
        and int_opportunities__credited.created_at is not null
),

-- the lag is set before anything is tested: trying many and taking the best finds luck
cycles as (
    select
        role,
        greatest(cast(floor(max(cycle_days) / 7e0 + 0.5) as integer), 0) as cycle_weeks
    from won_deals
    where place * 2 <= deals + 1
    group by 1
),

lagged_pairs as (
    select
        pairs.role,
        pairs.leading_metric_id,
        pairs.lagging_metric_id,
        leading_metrics.metric_name as leading_metric_name,
        lagging_metrics.metric_name as lagging_metric_name,
        leading_metrics.aggregation in ('count', 'sum')
        and lagging_metrics.aggregation in ('count', 'sum') as is_testable,
        case when lagging_metrics.is_higher_better then 1 else -1 end as direction,
        case
            when leading_closings.metric_id is null and lagging_closings.metric_id is not null
                then coalesce(cycles.cycle_weeks, 0)
            else 0
        end as lag_weeks
    from pairs
    inner join metrics as leading_metrics
        on pairs.leading_metric_id = leading_metrics.metric_id
    inner join metrics as lagging_metrics
        on pairs.lagging_metric_id = lagging_metrics.metric_id
    left join closing_metrics as leading_closings
        on pairs.leading_metric_id = leading_closings.metric_id
    left join closing_metrics as lagging_closings
        on pairs.lagging_metric_id = lagging_closings.metric_id
    left join cycles
        on pairs.role = cycles.role
    -- the same events twice, as a number and as an amount, prove nothing
    where
        pairs.leading_metric_id <> pairs.lagging_metric_id
        and coalesce(leading_metrics.event_type, '') <> coalesce(lagging_metrics.event_type, ' ')
),

asked_metrics as (
    select
        role,
        leading_metric_id as metric_id
    from lagged_pairs
    where is_testable
    union
    select
        role,
        lagging_metric_id as metric_id
    from lagged_pairs
    where is_testable
),

dates as (
    select
        date_day,
        {{ day_number('week_start_date') }} as week_day_number
    from int_dates
    where
        week_end_date <= {{ as_of_date() }}
        and week_start_date > {{ add_days(as_of_date(), -735) }}
),

first_record as (
    select min(date_day) as date_day from int_metrics__daily
),

-- the whole weeks of two years in which a rep held the role and was there to work
rep_weeks as (
    select
        int_rep_days.rep_id,
        int_rep_days.role,
        cast((dates.week_day_number - dates.week_day_number % 7) / 7 as integer) as week_number,
        sum(int_rep_days.capacity * int_rep_days.ramp) as exposure
    from int_rep_days
    inner join dates
        on int_rep_days.date_day = dates.date_day
    inner join first_record
        on int_rep_days.date_day >= first_record.date_day
    group by 1, 2, 3
    having sum(int_rep_days.capacity * int_rep_days.ramp) > 0
),

sums as (
    select
        int_metrics__daily.rep_id,
        int_rep_days.role,
        int_metrics__daily.metric_id,
        cast((dates.week_day_number - dates.week_day_number % 7) / 7 as integer) as week_number,
        sum(int_metrics__daily.numerator) as total
    from int_metrics__daily
    inner join int_rep_days
        on
            int_metrics__daily.rep_id = int_rep_days.rep_id
            and int_metrics__daily.date_day = int_rep_days.date_day
    inner join dates
        on int_metrics__daily.date_day = dates.date_day
    group by 1, 2, 3, 4
),

panel as (
    select
        rep_weeks.rep_id,
        rep_weeks.role,
        asked_metrics.metric_id,
        rep_weeks.week_number,
        rep_weeks.exposure,
        coalesce(sums.total, 0) as total,
        sum(coalesce(sums.total, 0)) over (
            partition by rep_weeks.role, rep_weeks.rep_id, asked_metrics.metric_id
        ) / sum(rep_weeks.exposure) over (
            partition by rep_weeks.role, rep_weeks.rep_id, asked_metrics.metric_id
        ) as rep_rate
    from rep_weeks
    inner join asked_metrics
        on rep_weeks.role = asked_metrics.role
    left join sums
        on
            rep_weeks.rep_id = sums.rep_id
            and rep_weeks.role = sums.role
            and rep_weeks.week_number = sums.week_number
            and asked_metrics.metric_id = sums.metric_id
),

-- what is more or less than the rep's own pace, the time at work and the week of the whole role
-- explain: neither good reps, nor leave, nor the season can pass for a cause
residuals as (
    select
        rep_id,
        role,
        metric_id,
        week_number,
        total,
        total - rep_rate * exposure
        * sum(total) over (partition by role, metric_id, week_number)
        / nullif(sum(rep_rate * exposure) over (partition by role, metric_id, week_number), 0)
            as residual
    from panel
),

-- a deal does not close to the day: the weeks beside the lag count as well, but none that follow
windows as (
    {% for offset in [-1, 0, 1] %}
    select
        lagged_pairs.role,
        lagged_pairs.leading_metric_id,
        lagged_pairs.lagging_metric_id,
        residuals.rep_id,
        residuals.week_number + lagged_pairs.lag_weeks + {{ offset }} as week_number,
        residuals.residual
    from lagged_pairs
    inner join residuals
        on
            lagged_pairs.role = residuals.role
            and lagged_pairs.leading_metric_id = residuals.metric_id
    where lagged_pairs.is_testable and lagged_pairs.lag_weeks + {{ offset }} >= 0
    {{ "union all" if not loop.last }}
    {% endfor %}
),

causes as (
    select
        role,
        leading_metric_id,
        lagging_metric_id,
        rep_id,
        week_number,
        sum(residual) as cause
    from windows
    group by 1, 2, 3, 4, 5
),

products as (
    select
        causes.role,
        causes.leading_metric_id,
        causes.lagging_metric_id,
        causes.rep_id,
        causes.week_number,
        floor(causes.week_number / 13e0) as block,
        residuals.total,
        causes.cause,
        residuals.residual as effect
    from causes
    inner join residuals
        on
            causes.role = residuals.role
            and causes.rep_id = residuals.rep_id
            and causes.lagging_metric_id = residuals.metric_id
            and causes.week_number = residuals.week_number
),

-- neighbouring weeks of a rep are not independent: 13 of them count as one observation
blocks as (
    select
        role,
        leading_metric_id,
        lagging_metric_id,
        rep_id,
        block,
        count(*) as rep_weeks,
        sum(case when total > 0 then 1 else 0 end) as weeks_with_result,
        sum(cause * effect) as product,
        sum(cause * cause) as causes_squared,
        sum(effect * effect) as effects_squared
    from products
    group by 1, 2, 3, 4, 5
),

counted_weeks as (
    select
        role,
        leading_metric_id,
        lagging_metric_id,
        count(distinct week_number) as weeks,
        count(distinct rep_id) as reps
    from products
    group by 1, 2, 3
),

summed as (
    select
        role,
        leading_metric_id,
        lagging_metric_id,
        count(*) as blocks,
        sum(rep_weeks) as rep_weeks,
        sum(weeks_with_result) as weeks_with_result,
        sum(product) as product,
        sum(product * product) as product_squared,
        sqrt(sum(causes_squared) * sum(effects_squared)) as size
    from blocks
    group by 1, 2, 3
),

-- a correlation, and its error from how much it differs between the blocks
estimated as (
    select
        lagged_pairs.*,
        coalesce(counted_weeks.reps, 0) as reps,
        coalesce(counted_weeks.weeks, 0) as weeks,
        coalesce(
            lagged_pairs.is_testable
            and summed.blocks >= 20
            and counted_weeks.weeks >= 26
            and summed.weeks_with_result >= 30
            and summed.size > 0
            and summed.product_squared > 0,
            false
        ) as is_tested,
        lagged_pairs.direction * summed.product / nullif(summed.size, 0) as effect,
        sqrt(summed.product_squared * summed.blocks / nullif(summed.blocks - 1, 0))
        / nullif(summed.size, 0) as standard_error
    from lagged_pairs
    left join summed
        on
            lagged_pairs.role = summed.role
            and lagged_pairs.leading_metric_id = summed.leading_metric_id
            and lagged_pairs.lagging_metric_id = summed.lagging_metric_id
    left join counted_weeks
        on
            lagged_pairs.role = counted_weeks.role
            and lagged_pairs.leading_metric_id = counted_weeks.leading_metric_id
            and lagged_pairs.lagging_metric_id = counted_weeks.lagging_metric_id
),

tested as (
    select
        estimated.*,
        estimated.effect / nullif(estimated.standard_error, 0) as z_score
    from estimated
),

valued as (
    select
        tested.*,
        case
            when tested.is_tested then 2 * (1 - ({{ normal_cdf('abs(tested.z_score)') }}))
        end as p_value
    from tested
),

placed as (
    select
        valued.*,
        row_number() over (
            partition by valued.is_tested
            order by
                valued.p_value asc nulls last,
                valued.role asc nulls last,
                valued.leading_metric_id asc nulls last,
                valued.lagging_metric_id asc nulls last
        ) as place,
        count(*) over (partition by valued.is_tested) as tests
    from valued
),

-- of the pairs that are called found, one in twenty at most is luck (Benjamini and Hochberg 1995)
discovered as (
    select
        placed.*,
        case
            when placed.is_tested
                then least(
                    1e0,
                    min(placed.p_value * placed.tests / placed.place) over (
                        partition by placed.is_tested
                        order by placed.place desc nulls last
                        rows between unbounded preceding and current row
                    )
                )
        end as q_value
    from placed
),

judged as (
    select
        discovered.*,
        case
            when not discovered.is_testable then 'not_tested'
            when not discovered.is_tested then 'too_little_data'
            when discovered.q_value >= 0.05 then 'no_evidence'
            when discovered.effect > 0 then 'supports'
            else 'contradicts'
        end as verdict,
        -- a name within a sentence, unless it is an abbreviation
        {% for kind in ["leading", "lagging"] %}
        case
            when
                substring(discovered.{{ kind }}_metric_name, 2, 1)
                = lower(substring(discovered.{{ kind }}_metric_name, 2, 1))
                then
                    lower(substring(discovered.{{ kind }}_metric_name, 1, 1))
                    || substring(discovered.{{ kind }}_metric_name, 2)
            else discovered.{{ kind }}_metric_name
        end as {{ kind }}_words,
        {% endfor %}
        case
            when discovered.lag_weeks = 0 then 'in the same week or the next'
            when discovered.lag_weeks = 1 then 'about a week later'
            else 'about ' || cast(discovered.lag_weeks as {{ type_text() }}) || ' weeks later'
        end as delay
    from discovered
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
    from judged
)

select * from final
