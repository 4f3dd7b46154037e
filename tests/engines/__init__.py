"""Tests of both engines with whole trainings: compared with each other, and many seeds with single ones."""
