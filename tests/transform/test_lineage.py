from __future__ import annotations

from orchestration.transform.lineage import SourceColumn, column_lineage, mapping_schema

TABLES = {
    ("staging", "calls"): {"rep_id": "VARCHAR", "seconds": "DOUBLE", "is_won": "BOOLEAN"},
    ("marts", "dim_reps"): {"rep_id": "VARCHAR", "rep_name": "VARCHAR"},
}
SQL = """
with calls as (
    select * from "warehouse"."staging"."calls"
),

totals as (
    select rep_id, sum(seconds) as seconds, count(*) as call_count
    from calls where is_won group by 1
)

select
    dim_reps.rep_name,
    totals.seconds / 60 as minutes,
    totals.call_count,
    coalesce(dim_reps.rep_name, totals.rep_id) as label,
    'call' as kind
from totals
left join "warehouse"."marts"."dim_reps" as dim_reps on totals.rep_id = dim_reps.rep_id
"""


def test_columns_are_followed_to_the_tables_they_come_from() -> None:
    assert column_lineage(SQL, mapping_schema("warehouse", TABLES)) == {
        "rep_name": [SourceColumn("marts", "dim_reps", "rep_name")],
        "minutes": [SourceColumn("staging", "calls", "seconds")],
        "call_count": [],
        "label": [
            SourceColumn("marts", "dim_reps", "rep_name"),
            SourceColumn("staging", "calls", "rep_id"),
        ],
        "kind": [],
    }
