select
    source_table,
    event_type,
    raw_count,
    counted_count,
    excluded_count
from record_accounting
