"""The pages: shell, data, server, one-on-one sheets."""
