-- what: The account of each deal and lead is among the accounts, where there are any.
-- reason: Without its account a record has no industry and size:
-- remedy: deliver these accounts, or correct the account_id of the records.
-- severity: warn
-- table: fct_lagging_metrics_daily

with records as (
    select 'opportunities' as source_table, trim(account_id) as account_id, file_row_number
    from source_opportunities
    where coalesce(_is_deleted, 'false') <> 'true'
    union all
    select 'leads', trim(account_id), file_row_number
    from source_leads
    where coalesce(_is_deleted, 'false') <> 'true'
),

accounts as (
    select distinct trim(account_id) as account_id
    from source_accounts
    where account_id is not null and coalesce(_is_deleted, 'false') <> 'true'
)

select
    null as file,
    records.source_table,
    min(records.file_row_number) as line,
    count(*) || ' of ' || records.source_table
    || ' are of accounts that are not among the accounts, such as '''
    || min_by(records.account_id, coalesce(records.file_row_number, 0)) || '''' as message,
    'deliver these accounts, or correct account_id' as remedy,
    count(*) as failed_rows
from records
where
    records.account_id <> ''
    and exists (select 1 from accounts)
    and records.account_id not in (select account_id from accounts)
group by records.source_table
