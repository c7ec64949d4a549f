"""REST: tokens."""
