-- The logins that `scorecard roles` made: whether they may sign in, and as what.
select
    role.rolname,
    role.rolcanlogin,
    coalesce(string_agg(parent.rolname, ','), '') as groups
from pg_roles as role
left join pg_auth_members
    on role.oid = pg_auth_members.member
left join pg_roles as parent
    on
        pg_auth_members.roleid = parent.oid
        and parent.rolname in ('{reader}', '{analyst}')
where shobj_description(role.oid, 'pg_authid') = '{ours}'
group by role.rolname, role.rolcanlogin
