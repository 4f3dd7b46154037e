"""regnet's own losses, one to a file."""
