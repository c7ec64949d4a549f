"""Backup and restore of the database: everything but sessions and the queue, in one file, at one moment."""
