"""REST: reports of what was done without this service."""
