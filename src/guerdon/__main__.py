"""`python -m guerdon`: the command line, for whoever starts parts without an installed script."""

from guerdon.cli import main

if __name__ == "__main__":
    main()
