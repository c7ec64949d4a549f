"""What `make demo` and the tests start by themselves. Nothing here is imported in production."""
