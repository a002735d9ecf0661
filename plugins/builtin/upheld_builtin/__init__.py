"""The builtin plugin."""
