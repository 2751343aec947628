"""The files connector: canonical tables from CSV, Parquet, JSON lines or a SQL mapping."""
