"""Sales Scorecard: from raw CRM activity to published, checked scorecards."""
