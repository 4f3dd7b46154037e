"""regnet's own components: the conformance check with every setting, and what it cannot know of them."""
