"""What the rules see: relations over one view."""
