-- what: each deal's openings and closings that count by the as-of date

with rep_zones as (
    select
        trim(rep_id) as rep_id,
        arg_max(nullif(trim(time_zone), ''), coalesce(valid_from, '')) as time_zone
    from source_reps
    where
        coalesce(_is_deleted, 'false') <> 'true'
        and coalesce(valid_from, '') <= cast({{ as_of }} as varchar)
    group by 1
),

credits as (
    select opportunity_id, sum(cast(split_ratio as double)) as credit
    from source_opportunity_splits
    where coalesce(_is_deleted, 'false') <> 'true'
    group by 1
),

deals as (
    select
        nullif(lower(trim(opportunities.opportunity_type)), '') as opportunity_type,
        coalesce(credits.credit, 1) as credit,
        cast(
            timezone(
                coalesce(rep_zones.time_zone, {{ time_zone }}),
                cast(opportunities.created_at as timestamptz)
            ) as date
        ) as created_date,
        case
            when opportunities.is_closed = 'true' then cast(opportunities.close_date as date)
        end as closed_date,
        coalesce(opportunities.is_won, 'false') = 'true' as is_won
    from source_opportunities as opportunities
    left join rep_zones
        on trim(opportunities.rep_id) = rep_zones.rep_id
    left join credits
        on opportunities.opportunity_id = credits.opportunity_id
    where coalesce(opportunities._is_deleted, 'false') <> 'true'
)

select opportunity_type, 'created' as outcome, sum(credit) as credit
from deals
where created_date <= {{ as_of }}
group by 1
union all
select opportunity_type, case when is_won then 'won' else 'lost' end, sum(credit)
from deals
where closed_date <= {{ as_of }}
group by all
union all
select opportunity_type, 'closed', sum(credit)
from deals
where closed_date <= {{ as_of }}
group by 1
