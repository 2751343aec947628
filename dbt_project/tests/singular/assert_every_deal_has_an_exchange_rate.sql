-- remedy: add a row for the currency to exchange_rates.csv, valid from the close date or before
with int_crm__opportunities as (
    select * from {{ ref('int_crm__opportunities') }}
)

select
    currency,
    min(close_date) as first_close_date,
    count(*) as deals
from int_crm__opportunities
where exchange_rate is null and amount is not null
group by 1
