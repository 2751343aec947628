select
    Id as opportunity_id,
    OwnerId as rep_id,
    AccountId as account_id,
    StageName as stage,
    Amount as amount,
    -- Salesforce writes 2017-04-05T00:00:00.000+0000
    cast(cast(CreatedDate as timestamptz) as varchar) as created_at,
    CloseDate as close_date,
    IsClosed as is_closed,
    IsWon as is_won,
    cast(cast(SystemModstamp as timestamptz) as varchar) as updated_at,
    IsDeleted as is_deleted
from read_csv('exports/Opportunity.csv', all_varchar = true)
