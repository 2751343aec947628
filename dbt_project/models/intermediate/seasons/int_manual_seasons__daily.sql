with seasonal_adjustments as (
    select * from {{ ref('seasonal_adjustments') }}
),

int_dates as (
    select * from {{ ref('int_dates') }}
),

int_seasonal_scopes as (
    select * from {{ ref('int_seasonal_scopes') }}
),

days as (
    select
        date_day,
        cast(extract(year from date_day) as integer) as calendar_year,
        lpad(cast(extract(month from date_day) as {{ type_text() }}), 2, '0') || '-'
        || lpad(cast(extract(day from date_day) as {{ type_text() }}), 2, '0') as month_day
    from int_dates
),

-- from 12-21 to 01-05 goes over the new year
matched as (
    select
        int_seasonal_scopes.metric_id,
        int_seasonal_scopes.role,
        int_seasonal_scopes.region,
        days.date_day,
        seasonal_adjustments.factor,
        seasonal_adjustments.reason
    from seasonal_adjustments
    inner join int_seasonal_scopes
        on
            coalesce(seasonal_adjustments.metric_id, int_seasonal_scopes.metric_id)
            = int_seasonal_scopes.metric_id
            and coalesce(seasonal_adjustments.role, int_seasonal_scopes.role)
            = int_seasonal_scopes.role
            and coalesce(seasonal_adjustments.region, int_seasonal_scopes.region)
            = int_seasonal_scopes.region
    inner join days
        on
            (
                (
                    seasonal_adjustments.from_month_day <= seasonal_adjustments.to_month_day
                    and days.month_day >= seasonal_adjustments.from_month_day
                    and days.month_day <= seasonal_adjustments.to_month_day
                )
                or (
                    seasonal_adjustments.from_month_day > seasonal_adjustments.to_month_day
                    and (
                        days.month_day >= seasonal_adjustments.from_month_day
                        or days.month_day <= seasonal_adjustments.to_month_day
                    )
                )
            )
            and days.calendar_year
            >= coalesce(seasonal_adjustments.valid_from_year, days.calendar_year)
            and days.calendar_year
            <= coalesce(seasonal_adjustments.valid_to_year, days.calendar_year)
),

-- several factors multiply; one alone is taken as it is, to the last digit
multiplied as (
    select
        metric_id,
        role,
        region,
        date_day,
        case when count(*) = 1 then max(factor) else exp(sum(ln(factor))) end as factor,
        max(reason) as reason
    from matched
    group by 1, 2, 3, 4
)

select * from multiplied
