"""regnet's own initializers, one in each file."""
