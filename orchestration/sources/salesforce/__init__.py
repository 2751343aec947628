"""The source Salesforce."""
