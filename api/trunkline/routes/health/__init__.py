"""REST: health."""
