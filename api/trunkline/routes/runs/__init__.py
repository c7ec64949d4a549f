"""REST: runs."""
