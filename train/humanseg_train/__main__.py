"""`python -m humanseg_train`, the form in which torchrun starts it."""

import sys

from humanseg_train.cli import main

if __name__ == "__main__":
    sys.exit(main())
