"""`python -m regnet`: the command line."""

import sys

from regnet.cli import main

sys.exit(main())
