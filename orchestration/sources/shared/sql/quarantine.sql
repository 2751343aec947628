insert into raw_files._quarantine
select
    $1 as table_name,
    unnest($2::varchar[]) as file,
    unnest($3::bigint[]) as line,
    unnest($4::varchar[]) as column_name,
    unnest($5::varchar[]) as value,
    unnest($6::varchar[]) as reason,
    $7 as quarantined_at;
