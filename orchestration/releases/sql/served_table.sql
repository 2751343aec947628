-- A table of all kept releases, each of them a partition, and the rows of it that a reader sees.
create table {served}."{table}" (like {schema}."{table}") partition by list (_release);
-- makes plans depend on the role, so that a prepared statement is planned anew after `set role`
alter table {served}."{table}" enable row level security;

create view {served}."{table}_of_reader" with (security_barrier) as
select {reader_columns}
from {served}."{table}"
where
    _release = (select release from {served}._current())
    and ({visible})
-- no condition passes a limit: a reader's are evaluated on rows of theirs only, leakproof or not
offset 0;
