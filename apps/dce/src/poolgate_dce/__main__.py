"""Lets `python -m poolgate_dce` run the command."""

import sys

from poolgate_dce.command import main

sys.exit(main(sys.argv[1:]))
