-- Owners, and those whom Airbyte lands in a table of archived ones, each with a team.
{% macro owners_of(relation, owner) %}
select
    {{ owner.id }} as id,
    {{ owner.user_id }} as user_id,
    {{ owner.email }} as email,
    {{ owner.first_name }} as first_name,
    {{ owner.last_name }} as last_name,
    {{ owner.team }} as team,
    {{ owner.is_archived }} as is_archived,
    {{ owner.created_at }} as created_at,
    {{ owner.updated_at }} as updated_at
from {{ relation }} as base
{% endmacro %}
with
{% if teams %}
teams as (
    {{ teams }}
),
{% endif %}
known_owners as (
    {{ owners_of("landed", owner) }}
    {% if teams %}
    left join teams
        on {{ team_owner }} = teams.owner_id
    {% endif %}
    {% if archived_owner %}
    union all
    {{ owners_of("archive", archived_owner) }}
    {% endif %}
)

select * from known_owners
{% if archived_owner %}
qualify row_number() over (partition by id order by is_archived) = 1
{% endif %}
