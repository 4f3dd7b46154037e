"""regnet's configuration: choices among components. The components' own options come from their constructors."""
