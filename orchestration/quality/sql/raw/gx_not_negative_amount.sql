-- what: No deal has a negative amount.
-- remedy: If credit notes are deals in your CRM, raise max_negative_amount_ratio in
--     company_settings.csv.
-- severity: error
-- table: opportunities
-- column: amount
-- expected: at most {{ '{:.0%}'.format(max_negative_amount_ratio) }} below 0
-- settings: max_negative_amount_ratio
-- absent: no opportunities in this source

with counted as (
    select
        count(*) filter (try_cast(amount as double) < 0) as bad_count,
        count(*) as row_count
    from raw_files.opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    having count(*) > 0
)

select
    'deals with a negative amount' as subject,
    share_text(bad_count, row_count) as observed,
    at_most_share({{ max_negative_amount_ratio }}) as expected,
    share_failures(bad_count, row_count, {{ max_negative_amount_ratio }}, 0) as failed_rows
from counted
