"""REST: subscriptions."""
