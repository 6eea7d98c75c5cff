"""Is a port free? Said before a server starts, not in its traceback."""

from __future__ import annotations

import socket

from ingestion.errors import MachineRefused


def refuse_used_port(port: int, option: str, host: str = "127.0.0.1") -> None:
    """Raise MachineRefused when something listens on `port` already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise MachineRefused(
                f"Port {port} on {host} cannot be used: {error.strerror}.",
                f"stop what uses it, or choose another with {option}.",
            ) from error
