with int_rep_cards as (
    select * from {{ ref('int_rep_cards') }}
    where purpose = 'period' and aggregation in ('count', 'sum')
),

int_dispersions as (
    select * from {{ ref('int_dispersions') }}
    where not is_organisation and dispersion > 0
),

int_periods as (
    select * from {{ ref('int_periods') }}
    where not is_current and period_end <= {{ last_month_end() }}
),

first_record as (
    select min(date_day) as date_day from {{ ref('int_metrics__daily') }}
    where date_day <= {{ last_month_end() }}
),

closed as (
    select
        int_rep_cards.*,
        int_periods.period_end
    from int_rep_cards
    inner join int_periods
        on
            int_rep_cards.period_type = int_periods.period_type
            and int_rep_cards.period_start = int_periods.period_start
),

numbered_reps as (
    select
        everyone.rep_id,
        row_number() over (order by everyone.rep_id asc nulls last) as place,
        {{ lower_of('1', '200e0 / count(*) over ()') }} as share
    from (
        select distinct rep_id from closed
    ) as everyone
),

-- every nth rep of a large company: two hundred tell as much, at a bounded cost
sampled_reps as (
    select rep_id from numbered_reps
    where floor(place * share) > floor((place - 1) * share)
),

final as (
    select
        closed.rep_id,
        closed.metric_id,
        closed.role,
        closed.aggregation,
        closed.is_higher_better,
        closed.period_type,
        closed.period_start,
        int_dispersions.dispersion,
        {% for share in [1, 2, 3] %}
        {{ add_days(
            'closed.period_start',
            'cast(floor((' ~ dbt.datediff('closed.period_start', 'closed.period_end', 'day')
            ~ ' + 1) * ' ~ share ~ ' / 4e0) as integer) - 1'
        ) }} as quarter_{{ share }}_date,
        {% endfor %}
        {{ add_days('closed.period_start', -92) }} as earlier_date,
        {{ add_days('closed.period_start', -1) }} as start_date
    from closed
    inner join sampled_reps
        on closed.rep_id = sampled_reps.rep_id
    inner join first_record
        on closed.period_start >= first_record.date_day
    inner join int_dispersions
        on
            closed.metric_id = int_dispersions.metric_id
            and closed.role = int_dispersions.role
)

select * from final
