-- Stages of deals. Who does not say which are closed lets the probability tell: only closed deals
-- are certain.
select
    {{ pipeline }} || '/' || {{ stage }} as id,
    {{ pipeline }} as pipeline_id,
    {{ pipeline_label }} as pipeline_label,
    {{ label }} as label,
    coalesce(
        try_cast({{ is_closed }} as boolean),
        cast({{ probability }} as double) in (0, 1)
    ) as is_closed,
    cast({{ probability }} as varchar) as probability,
    {{ updated_at }} as updated_at
from {{ relation }}
