-- The records, each with an id: by its cells and its number among rows that have the same, so that
-- a row that comes or goes elsewhere in the file changes no other.
select
    * exclude (file_row_number) replace (
        coalesce(
            {{ id_column }},
            md5(cast(row({{ cells }}) as varchar)) || '-'
            || row_number() over (partition by {{ cells }} order by file_row_number)
        ) as {{ id_column }}
    )
from {{ numbered }}
order by file_row_number
