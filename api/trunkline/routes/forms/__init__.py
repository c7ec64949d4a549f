"""REST: forms."""
