"""What brings records into raw tables: files, Salesforce, HubSpot, landed schemas."""
