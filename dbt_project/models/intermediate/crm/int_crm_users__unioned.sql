{{ config(materialized='view', enabled=crm_sources().split() | length > 0) }}

{% for source in crm_sources().split() -%}
select
    '{{ source }}' as source,
    user_id,
    email,
    person,
    is_archived
from {{ ref('int_' ~ source ~ '__users') }}
{{ "union all" if not loop.last }}
{% endfor %}
