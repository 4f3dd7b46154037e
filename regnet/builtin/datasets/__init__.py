"""regnet's own data sets, one to a file."""
