select
    source_table,
    source,
    event_type,
    reason,
    is_counted,
    remedy,
    record_count,
    first_records
from excluded_record_reasons
