"""REST: overview."""
