"""What people are written: a digest of what only they can close, and what goes to HRBPs and ops."""
