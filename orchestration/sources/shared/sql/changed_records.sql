-- The records that raw does not have, or has otherwise. Without a stamp, what comes is newer.
select incoming.*
from ({{ incoming }}) as incoming
left join {{ raw }} as raw
    on raw.{{ key }} = incoming.{{ key }}
where
    raw._extracted_at is null
    {% if stamp %}
    or (incoming.{{ stamp }} >= raw.{{ stamp }} and ({{ differs }}))
    or (incoming.{{ stamp }} > raw.{{ stamp }} and raw._is_deleted <> incoming._is_deleted)
    {% else %}
    or {{ differs }}
    or raw._is_deleted <> incoming._is_deleted
    {% endif %}
