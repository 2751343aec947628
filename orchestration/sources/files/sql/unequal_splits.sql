-- Each split of an opportunity whose splits do not sum to 1; without rows that are bad already.
with sums as (
    select
        file_row_number,
        opportunity_id,
        split_ratio,
        sum(cast(split_ratio as double)) over (partition by opportunity_id) as whole
    from {{ numbered }}
    where file_row_number not in (select problems.row from problems)
)

select
    file_row_number as row,
    'split_ratio' as column_name,
    split_ratio as value,
    'the splits of opportunity ' || opportunity_id || ' sum to ' || round(whole, 6) || ', not 1'
        as reason
from sums
where abs(whole - 1) > {{ tolerance }}
