-- The primary team of each owner, else any.
select
    owner_teams.{{ owner_id }} as owner_id,
    first({{ team_name }} order by {{ is_primary }} desc nulls last) as team
from owner_teams
{% if team_key %}
inner join team_names
    on owner_teams.{{ team_id }} = team_names.{{ team_key }}
{% endif %}
group by 1
