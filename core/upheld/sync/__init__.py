"""Two-way sync with trackers: what came in, what is to be written, and who wins where both changed."""
