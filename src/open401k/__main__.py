"""The console script: what goes wrong before the first command is known is said in words, too. Not here: the wiring."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run one command. Loading takes a second, in which somebody may press Ctrl-C or a package may be missing."""
    try:
        if sys.argv[1:2] == ["calc"]:  # the bare install has it: nothing of the server is loaded
            from open401k.doors import calc

            calc.run()
        from open401k import app

        app.main()
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was done stays done; run the command again to go on.\n")
        sys.exit(INTERRUPTED)
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"Error: Part of the installation is missing: {error}.\n"
            "Fix:   In a checkout: make setup. Elsewhere: pip install 'open401k[server]'\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
