"""REST: customers."""
