"""Runs the program that is in this package: `python -m flashrna ...`, and the command `flashrna` of the environment."""

import os
import sys

from flashrna.sampling import program


def main():
    path = program()
    os.execv(path, [path, *sys.argv[1:]])


if __name__ == "__main__":
    main()
