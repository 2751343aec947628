"""dbt in process, and what need not be built again."""
