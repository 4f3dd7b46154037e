"""regnet's own layers, one to a file."""
