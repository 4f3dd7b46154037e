"""regnet's own optimizers, one in each file."""
