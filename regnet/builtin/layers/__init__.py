"""regnet's own layers, one in each file."""
