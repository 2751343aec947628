"""Tables that Fivetran, Airbyte, dlt or others landed: another way into the raw tables."""
