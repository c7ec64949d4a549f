"""REST: topology."""
