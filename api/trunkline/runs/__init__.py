"""Runs: launch, follow, cancel, recover."""
