"""What was promised: the policy file as typed data."""
