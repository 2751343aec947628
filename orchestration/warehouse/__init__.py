"""The working DuckDB file, and what a refresh knows of itself."""
