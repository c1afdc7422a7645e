"""Health and, later, metrics, relay and webhook."""
