"""Version of the software, as releases and --version state it."""

VERSION = "0.1.0"
