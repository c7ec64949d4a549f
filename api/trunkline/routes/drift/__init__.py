"""REST: drift."""
