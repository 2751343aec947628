-- The last publication of a release whose copy is still there.
select
    release,
    schema_name
from {served}._shown
where
    schema_name in ('{schema}', '{other}')
    and release is not null
    and to_regnamespace(schema_name) is not null
order by publication desc
limit 1
