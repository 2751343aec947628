with pipeline as (
    select * from read_csv('exports/sales_pipeline.csv', all_varchar = true)
),

products as (
    select * from read_csv('exports/products.csv', all_varchar = true)
)

select
    pipeline.opportunity_id,
    lower(replace(pipeline.sales_agent, ' ', '_')) as rep_id,
    pipeline.account as account_id,
    pipeline.deal_stage as stage,
    -- a won deal is worth what was paid; any other deal what the product costs on the list
    case
        when pipeline.deal_stage = 'Won' then pipeline.close_value
        else products.sales_price
    end as amount,
    -- a deal in Prospecting has not been engaged on yet: it has no date and counts as none
    pipeline.engage_date as created_at,
    pipeline.close_date,
    pipeline.deal_stage in ('Won', 'Lost') as is_closed,
    pipeline.deal_stage = 'Won' as is_won
from pipeline
-- the export writes GTXPro where the price list has GTX Pro; a product that is on no list keeps
-- its deals all the same
left join products
    on products.product = replace(pipeline.product, 'GTXPro', 'GTX Pro')
