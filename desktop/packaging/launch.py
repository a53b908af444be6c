"""Where the packaged app begins."""

from humanseg_desktop.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main())
