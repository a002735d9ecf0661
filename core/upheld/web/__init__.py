"""The door: webhooks come in, health and metrics are read."""
