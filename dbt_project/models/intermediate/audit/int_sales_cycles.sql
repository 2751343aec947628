with int_opportunities__credited as (
    select * from {{ ref('int_opportunities__credited') }}
),

int_rep_days as (
    select * from {{ ref('int_rep_days') }}
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
        {{ higher_of('cast(floor(max(cycle_days) / 7e0 + 0.5) as integer)', '0') }} as cycle_weeks
    from won_deals
    where place * 2 <= deals + 1
    group by 1
)

select * from cycles
