"""What ships for tests, ours and third parties': clocks and scripted connections."""
