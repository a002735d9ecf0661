"""The case, its events and what is decided about it: data only."""
