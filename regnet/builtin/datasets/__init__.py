"""regnet's own data sets, one in each file."""
