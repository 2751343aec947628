"""Great Expectations suites at the two edges of dbt: raw and marts."""
