{{ config(materialized='view', enabled=crm_sources().split() | length > 0) }}

{% for source in crm_sources().split() -%}
select
    '{{ source }}' as source,
    owner_id,
    period,
    amount,
    currency,
    start_date,
    end_date
from {{ ref('int_' ~ source ~ '__quotas') }}
{{ "union all" if not loop.last }}
{% endfor %}
