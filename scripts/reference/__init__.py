"""Generates the pages of the reference from the code, the configuration and the commands."""
