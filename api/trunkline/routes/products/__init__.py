"""REST: products."""
