"""REST: schedules."""
