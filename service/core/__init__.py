"""Settings, errors and logging: what every other room of the service may use."""
