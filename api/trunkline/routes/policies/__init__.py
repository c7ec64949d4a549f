"""REST: policies."""
