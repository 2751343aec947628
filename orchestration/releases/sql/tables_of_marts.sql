-- Each table of the marts of an attached database: name, comment, columns.
select
    tables.table_name,
    any_value(tables.comment),
    list((columns.column_name, columns.data_type, columns.comment) order by columns.column_index)
from duckdb_tables() as tables
inner join duckdb_columns() as columns
    on
        tables.database_name = columns.database_name
        and tables.schema_name = columns.schema_name
        and tables.table_name = columns.table_name
where tables.database_name = '{{ database }}' and tables.schema_name = 'marts'
group by 1
order by 1
