-- The columns of the views that people query. Where the engine computes in the same database, it
-- has tables there as well.
select
    columns.table_name,
    string_agg(columns.column_name, ',' order by columns.ordinal_position) as column_names
from information_schema.columns as columns
inner join information_schema.views as views
    on
        columns.table_schema = views.table_schema
        and columns.table_name = views.table_name
where columns.table_schema = '{views}'
group by columns.table_name
order by columns.table_name
