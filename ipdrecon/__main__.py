"""The other door: ``python -m ipdrecon …`` does what the installed command ``ipdrecon …`` does."""

from ipdrecon.app.commands import main

if __name__ == "__main__":
    raise SystemExit(main())
