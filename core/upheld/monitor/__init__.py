"""What is watched: the list of it, the schedule of probes, and readings on their way into the ledger."""
