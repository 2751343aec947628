-- Each row whose rep is not among the reps.
select
    records.file_row_number as row,
    'rep_id' as column_name,
    records.rep_id as value,
    'is not a rep_id of reps; add the rep or correct the id' as reason
from {{ numbered }} as records
anti join {{ reps }} as reps
    on records.rep_id = reps.rep_id
where records.rep_id is not null
