"""What the examples of this folder have in common as commands."""

import sys


def run(main, usage: str, least: int):
    """Calls main with the words of the command line: `usage` for --help, and where they are too few."""
    words = sys.argv[1:]
    if "--help" in words or len(words) < least:
        print(usage.strip())
        sys.exit(0 if "--help" in words else 2)
    try:
        main(*words)
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
