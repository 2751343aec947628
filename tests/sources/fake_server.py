"""An HTTP server on this machine for the tests of connectors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any


class QuietServer(ThreadingHTTPServer):
    """A server that does not complain of clients that vanish."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is part of the tests."""


@contextmanager
def running(server: QuietServer) -> Iterator[str]:
    """Answer during the block; the address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
