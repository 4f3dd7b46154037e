"""regnet's own initializers, one to a file."""
