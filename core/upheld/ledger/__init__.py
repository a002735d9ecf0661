"""The one transaction: subjects, events, outbox, leases. It knows no policy."""
