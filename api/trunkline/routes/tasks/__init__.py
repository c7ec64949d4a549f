"""REST: tasks."""
