"""REST: the session of a browser."""
