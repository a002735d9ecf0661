"""Business time: compiled calendars that add and measure."""
