"""The working DuckDB file, and the state that a refresh keeps."""
