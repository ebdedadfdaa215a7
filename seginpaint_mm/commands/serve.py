"""A local page for removing objects: ``seginpaint serve``.

Drop a photo, click objects or paint over them, and remove them. Nothing leaves this machine: the
page is served to 127.0.0.1 alone. Any other --host needs the token that is printed. Programs send
forms to /api/remove, /api/complete, ..., see /openapi.json and docs/page.md.
"""

import argparse
import secrets
import socket
import threading
import webbrowser
from collections.abc import Sequence

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.engine.processes import limit_threads

PORT = 8765


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--port', type=int, default=PORT, metavar='N', help='(default: %(default)s)'
    )
    parser.add_argument('--host', default='127.0.0.1', help='(default: %(default)s)')
    parser.add_argument(
        '--inpainter',
        default='telea',
        help='telea, navier-stokes, lama, migan, a config or a work dir (default: %(default)s)',
    )
    parser.add_argument(
        '--instances',
        metavar='CONFIG',
        help='model that finds objects: torchvision, a config or a work dir (default: none)',
    )
    parser.add_argument(
        '--completer',
        metavar='CONFIG',
        default='crop_r18_coco-tiny',
        help='model that completes objects: a config or a work dir (default: the network in the '
        'package; convex-hull_cocoa-sample takes convex hulls)',
    )
    parser.add_argument(
        '--layout',
        metavar='CONFIG',
        help='model that predicts the classes behind objects: a work dir of mpi (default: none)',
    )
    parser.add_argument('--device', help='cpu, cuda, ... (default: a GPU where there is one)')
    parser.add_argument('--no-browser', action='store_true', help='do not open a browser')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser


@one_sentence_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    args = make_parser().parse_args(argv)
    from seginpaint_mm.app import server  # its libraries are an extra
    from seginpaint_mm.app.service import Service

    limit_threads()
    service = Service(args.inpainter, args.instances, args.device, args.completer, args.layout)
    token = None if args.host in server.LOOPBACK else secrets.token_urlsafe(24)
    address = address_of(args.host, args.port, token)
    print(f'{address}  (Ctrl+C ends it)', flush=True)
    if not args.no_browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    server.run(server.make_app(service, token), args.host, args.port)


def address_of(host: str, port: int, token: str | None) -> str:
    """Where a browser finds the page; of every address of this machine, by its name."""
    if host in ('0.0.0.0', '::', ''):
        host = socket.gethostname()
    host = f'[{host}]' if ':' in host else host
    return f'http://{host}:{port}/' + (f'?token={token}' if token else '')


if __name__ == '__main__':
    main()
