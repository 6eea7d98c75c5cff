"""A unit's HTTP receiver, as a process that a test can kill.

receiver.py PORT LOG DIES_AT: each POST becomes a line of LOG, {key, receipt}.
The process kills itself while it handles the DIES_AT-th: written, not answered.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

PORT, LOG, DIES_AT = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
taken = 0


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        global taken  # noqa: PLW0603 - one process, one count
        body = self.rfile.read(int(self.headers["Content-Length"]))
        entry = {
            "key": self.headers["Idempotency-Key"],
            "receipt": json.loads(body),
            "authorization": self.headers["Authorization"],
        }
        with LOG.open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")
        taken += 1
        if taken == DIES_AT:
            os.kill(os.getpid(), signal.SIGKILL)
        moved = self.path == "/moved"
        self.send_response(302 if moved else 410 if self.path == "/gone" else 204)
        if moved:
            self.send_header("Location", "/receipts")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


server = HTTPServer(("127.0.0.1", PORT), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
