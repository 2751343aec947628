"""Settings, errors, the as-of date and fingerprints: what every room may use."""
