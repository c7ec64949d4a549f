"""REST: the audit trail."""
