"""`python -m regnet`: the command line."""

from regnet.cli import command

command()
