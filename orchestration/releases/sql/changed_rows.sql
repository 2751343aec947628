-- The parts of a table that are not the same in the release before, with their rows.
create temp table {{ changed }} as
select
    {% for key in keys %}
    coalesce(ours.{{ key }}, theirs.{{ key }}) as {{ key }},
    {% endfor %}
    coalesce(ours.row_count, 0) as row_count
from {{ ours }} as ours
full join {{ theirs }} as theirs
    on {{ same }}
where ours.content is distinct from theirs.content
