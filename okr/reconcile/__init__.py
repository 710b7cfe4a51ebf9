"""What a run understands: one truth, its history, and what is missing in it."""
