"""Published releases: writing, history, audiences, serving on PostgreSQL."""
