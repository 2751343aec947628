"""Connectors: how raw records of each source reach the warehouse."""
