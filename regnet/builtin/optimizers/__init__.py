"""regnet's own optimizers, one to a file."""
