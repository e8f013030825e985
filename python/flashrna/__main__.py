"""Runs the program that is in this package: `python -m flashrna ...`, and the command `flashrna` of the environment."""

import os
import sys

from flashrna.sampling import environment, program


def main():
    path = program()
    os.execve(path, [path, *sys.argv[1:]], environment())


if __name__ == "__main__":
    main()
