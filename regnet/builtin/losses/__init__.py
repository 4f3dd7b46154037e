"""regnet's own losses, one in each file."""
