-- What people query: all rows for an analyst, by any index; for everybody else the rows they see.
create or replace view {views}."{table}" with (security_barrier) as
select {columns}
from {served}."{table}"
where
    {served}._plans_for_analyst()
    and (select pg_has_role(current_user, '{analyst}', 'member'))
    and _release = (select release from {served}._current())
union all
select {columns}
from {served}."{table}_of_reader"
where not {served}._plans_for_analyst();

grant select on {views}."{table}" to {reader};
