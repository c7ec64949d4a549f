"""Schedules: tasks that the clock starts."""
