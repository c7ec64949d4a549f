"""Workers over REST."""
