"""dbt in process, the node cache, lineage and engines."""
