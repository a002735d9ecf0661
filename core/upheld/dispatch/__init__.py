"""The outbox: plan, send, retry, receipts."""
