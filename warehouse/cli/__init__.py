"""The command line: `./planwatch COMMAND --help`."""
