"""The pagerduty plugin."""
