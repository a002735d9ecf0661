"""Where news becomes facts: intake of items, verbs of people, gates, and the binding of engine to ledger."""
