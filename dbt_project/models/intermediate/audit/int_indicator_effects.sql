with int_indicator_pairs__lagged as (
    select * from {{ ref('int_indicator_pairs__lagged') }}
),

int_indicator_weeks as (
    select * from {{ ref('int_indicator_weeks') }}
),

int_constants as (
    select * from {{ ref('int_constants') }}
),

-- a deal does not close to the day: the weeks beside the lag count as well, but none that follow
windows as (
    {% for offset in [-1, 0, 1] %}
    select
        pairs.role,
        pairs.leading_metric_id,
        pairs.lagging_metric_id,
        residuals.rep_id,
        residuals.week_number + pairs.lag_weeks + {{ offset }} as week_number,
        residuals.residual
    from int_indicator_pairs__lagged as pairs
    inner join int_indicator_weeks as residuals
        on
            pairs.role = residuals.role
            and pairs.leading_metric_id = residuals.metric_id
    where pairs.is_testable and pairs.lag_weeks + {{ offset }} >= 0
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
        floor(causes.week_number / int_constants.audit_block_weeks) as block,
        residuals.total,
        causes.cause,
        residuals.residual as effect
    from causes
    inner join int_indicator_weeks as residuals
        on
            causes.role = residuals.role
            and causes.rep_id = residuals.rep_id
            and causes.lagging_metric_id = residuals.metric_id
            and causes.week_number = residuals.week_number
    cross join int_constants
),

-- neighbouring weeks of a rep are not independent: a block of them is one observation
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
        pairs.*,
        coalesce(counted_weeks.reps, 0) as reps,
        coalesce(counted_weeks.weeks, 0) as weeks,
        coalesce(
            pairs.is_testable
            and summed.blocks >= int_constants.audit_min_blocks
            and counted_weeks.weeks >= int_constants.audit_min_weeks
            and summed.weeks_with_result >= int_constants.audit_min_weeks_with_result
            and summed.size > 0
            and summed.product_squared > 0,
            false
        ) as is_tested,
        pairs.direction * summed.product / nullif(summed.size, 0) as effect,
        sqrt(summed.product_squared * summed.blocks / nullif(summed.blocks - 1, 0))
        / nullif(summed.size, 0) as standard_error
    from int_indicator_pairs__lagged as pairs
    cross join int_constants
    left join summed
        on
            pairs.role = summed.role
            and pairs.leading_metric_id = summed.leading_metric_id
            and pairs.lagging_metric_id = summed.lagging_metric_id
    left join counted_weeks
        on
            pairs.role = counted_weeks.role
            and pairs.leading_metric_id = counted_weeks.leading_metric_id
            and pairs.lagging_metric_id = counted_weeks.lagging_metric_id
)

select * from estimated
