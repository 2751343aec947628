-- what: Each deal with an amount has an exchange rate on its close date.
-- reason: Without a rate an amount cannot be converted, and would be missing in every sum:
-- remedy: add the currency to exchange_rates.csv, valid from that day or before.
-- severity: error
-- table: fct_lagging_metrics_daily

with deals as (
    select
        opportunity_id,
        file_row_number,
        upper(coalesce(nullif(trim(currency), ''), {{ currency }})) as currency,
        -- an open deal is shown at today's rate
        coalesce(try_cast(close_date as date), {{ as_of }}) as rate_date
    from source_opportunities
    where coalesce(_is_deleted, 'false') <> 'true' and nullif(trim(amount), '') is not null
),

first_rates as (
    select upper(currency) as currency, min(coalesce(valid_from, '')) as valid_from
    from policy_exchange_rates
    group by 1
),

-- of two currencies, that of the deal and that of the company, either may lack its rate
needed as (
    select * from deals where currency <> {{ currency }}
    union all
    select opportunity_id, file_row_number, {{ currency }}, rate_date
    from deals
    where currency <> {{ currency }}
)

select
    null as file,
    'opportunities' as source_table,
    min_by(needed.file_row_number, needed.rate_date) as line,
    'currency ''' || needed.currency || ''' has no rate on ' || min(needed.rate_date)
    || ', the close date of deal ''' || min_by(needed.opportunity_id, needed.rate_date) || ''''
    || case when count(*) > 1 then ' and ' || (count(*) - 1) || ' more' else '' end as message,
    'add the line ' || needed.currency || ',' || min(needed.rate_date)
    || ',<rate> to exchange_rates.csv' as remedy,
    count(*) as failed_rows
from needed
left join first_rates
    on needed.currency = first_rates.currency
where
    first_rates.currency is null
    or cast(needed.rate_date as varchar) < first_rates.valid_from
group by needed.currency
