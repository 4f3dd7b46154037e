"""Writes the pages of the reference from what the code, the configuration and the commands say of themselves."""
