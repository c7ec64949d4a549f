"""Notifications: an outbox written with what happened, and who carries it out."""
