-- what: No amount is wildly above the median of its currency.
-- remedy: Look for a missing decimal point in the largest deals. If they are right, raise
--     max_amount_to_median_ratio in company_settings.csv.
-- severity: warn
-- table: opportunities
-- column: amount
-- expected: at most {{ max_amount_to_median_ratio }} times the median
-- settings: max_amount_to_median_ratio
-- absent: no amounts in this source

with amounts as (
    select
        coalesce(nullif(upper(trim(currency)), ''), 'company currency') as currency,
        try_cast(amount as double) as amount
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true' and try_cast(amount as double) > 0
),

currencies as (
    select
        currency,
        count(*) as row_count,
        median(amount) as median_amount,
        max(amount) as max_amount
    from amounts
    group by 1
)

select
    currencies.currency as subject,
    'largest ' || format('{:,.0f}', max_amount) || ', median '
    || format('{:,.0f}', median_amount) as observed,
    'at most {{ max_amount_to_median_ratio }} times the median' as expected,
    case
        when row_count < {{ min_rows_for_ratios }} then 0
        else (
            select count(*) from amounts
            where
                amounts.currency = currencies.currency
                and amounts.amount
                > {{ max_amount_to_median_ratio }} * currencies.median_amount
        )
    end as failed_rows
from currencies
