"""`python -m maildesk` is the command line."""

from maildesk.cli import main

main()
