"""The source HubSpot."""
