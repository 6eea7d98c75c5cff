"""Entry point: one sentence and an exit code for every fault."""

from __future__ import annotations

import json
import sys

from ingestion.errors import PlanwatchError
from ingestion.garbage import look_seldom
from warehouse.cli.commands import app


def main() -> None:
    look_seldom()
    try:
        app(prog_name="planwatch")
    except PlanwatchError as error:
        _report(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def _report(error: PlanwatchError) -> None:
    if "--json" in sys.argv:
        content = {
            "error": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
            "exit_code": error.exit_code,
        }
        print(json.dumps(content, ensure_ascii=False), file=sys.stderr)
        return
    print(f"planwatch: {error.message}", file=sys.stderr)
    print(f"  To mend it: {error.remedy}", file=sys.stderr)


if __name__ == "__main__":
    main()
