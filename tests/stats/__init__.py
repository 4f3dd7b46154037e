"""What seeds say, and how far it can be trusted."""
