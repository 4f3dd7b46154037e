"""Tests of regnet's own components: the conformance check with every setting, and properties that it does not cover."""
