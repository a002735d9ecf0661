"""The terminal plugin."""
