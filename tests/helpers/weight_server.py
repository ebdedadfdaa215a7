"""A local HTTP server of one file, with the faults that servers of weights have."""

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from seginpaint_mm.zoo import Weights


class WeightServer(ThreadingHTTPServer):
    """Serves ``content`` at every path, in a thread; a context manager.

    Attributes:
        content: The file.
        ranges: Whether range requests are answered by a part; otherwise by the whole file.
        breaks_after: Bytes after which each answer ends though more was announced; None for never.
        statuses: HTTP statuses that the next requests get instead of the file.
        pause: Seconds between pieces of 64 KiB.
        asked: ``(path, Range header or None)`` of each request.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(('127.0.0.1', 0), _Handler)
        self.content = content
        self.ranges = True
        self.breaks_after: int | None = None
        self.statuses: list[int] = []
        self.pause = 0.0
        self.asked: list[tuple[str, str | None]] = []

    @property
    def address(self) -> str:
        return f'http://127.0.0.1:{self.server_port}'

    def weights(self, **changes: object) -> Weights:
        """The served file as known weights."""
        known: dict = dict(
            name='stand-in',
            what='a stand-in',
            url=f'{self.address}/folder/stand-in.pt?download=1',
            megabytes=1,
            licence='Apache-2.0',
            source='here',
            inputs='anything',
            md5=hashlib.md5(self.content).hexdigest(),
        )
        return Weights(**{**known, **changes})

    def __enter__(self) -> 'WeightServer':
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that are gone."""


class _Handler(BaseHTTPRequestHandler):
    server: WeightServer

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get('Range')
        server.asked.append((self.path, wanted))
        if server.statuses:
            self.send_error(server.statuses.pop(0))
            return
        content, first = server.content, 0
        if wanted and server.ranges:
            first = int(wanted.removeprefix('bytes=').removesuffix('-'))
            if first >= len(content):
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(content)}')
                self.end_headers()
                return
            self.send_response(206)
            self.send_header('Content-Range', f'bytes {first}-{len(content) - 1}/{len(content)}')
        else:
            self.send_response(200)
        rest = content[first:]
        self.send_header('Content-Length', str(len(rest)))
        self.end_headers()
        for start in range(0, len(rest[: server.breaks_after]), 65536):
            self.wfile.write(rest[: server.breaks_after][start : start + 65536])
            time.sleep(server.pause)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
