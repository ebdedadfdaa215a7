"""The HTTP side of the page: routes, limits and checks. Needs the extra ``page``."""

import base64
import io
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from seginpaint_mm.app.service import Service, png
from seginpaint_mm.errors import MissingLibrary, UserError
from seginpaint_mm.interop.missing_libraries import requirement

try:
    import anyio
    import multipart  # noqa: F401  what starlette reads forms with
    import uvicorn
    from starlette.applications import Starlette
    from starlette.datastructures import Headers, UploadFile
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send
except ImportError as error:
    raise MissingLibrary(
        f'{error.name} is not installed: run pip install "{requirement("page")}".', name=error.name
    ) from None

PAGE = Path(__file__).parent / 'page'
FILES = {'/': 'index.html', '/page.js': 'page.js', '/page.css': 'page.css'}
_OPEN = ('/page.js', '/page.css')  # without a token: they say nothing
LOOPBACK = ('127.0.0.1', 'localhost', '::1')
MOST_BYTES = 64 << 20  # of a request
MOST_PIXELS = 50_000_000  # of an image
MOST_MASKS = 40
MOST_WAITING = 64  # requests
_FORMATS = ('JPEG', 'PNG', 'WEBP', 'BMP', 'TIFF')
_SAFE = {
    'Content-Security-Policy': "default-src 'self'; img-src 'self' blob: data:; "
    "frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
}
Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(service: Service, token: str | None = None) -> Starlette:
    """Make the ASGI application.

    Args:
        service: Does the work, in a thread, for one request at a time.
        token: What requests must bring, as ``Authorization: Bearer TOKEN`` or ``?token=TOKEN``.
            None for a page that this machine alone can open: then the host must be this one's.
    """
    worker = _Worker(service)
    routes = [Route(path, partial(_file, name=name)) for path, name in FILES.items()]
    for name in ('remove', 'objects', 'layers'):
        routes.append(Route(f'/api/{name}', getattr(worker, name), methods=['POST']))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _say})
    app.add_middleware(_Gate, token=token)
    return app


def run(app: Starlette, host: str, port: int) -> None:
    """Serve until interrupted."""
    uvicorn.run(app, host=host, port=port, log_level='warning')


async def _file(request: Request, name: str) -> Response:
    return FileResponse(PAGE / name)


async def _say(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse(dict(error=error.detail), error.status_code)


class _Gate:
    """Lets in what comes from the page itself or from a program, and is not too large.

    A page of another site can neither send (its ``Origin`` is another) nor read by a name that it
    lets point here (the ``Host`` is another).
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self.app = app
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        refused = self._objection(Request(scope))
        if refused is not None:
            status, sentence = refused
            await JSONResponse(dict(error=sentence), status, _SAFE)(scope, receive, send)
            return

        async def send_safely(message: Any) -> None:
            if message['type'] == 'http.response.start':
                safe = [(key.lower().encode(), value.encode()) for key, value in _SAFE.items()]
                message['headers'] = [*message.get('headers', ()), *safe]
            await send(message)

        await self.app(scope, receive, send_safely)

    def _is_known(self, request: Request) -> bool:
        bearer = request.headers.get('authorization', '').removeprefix('Bearer ')
        given = bearer or request.query_params.get('token', '')
        return secrets.compare_digest(given.encode(), str(self.token).encode())

    def _objection(self, request: Request) -> tuple[int, str] | None:
        headers = request.headers
        if self.token is None:
            if _host(headers) not in LOOPBACK:
                return 403, 'This page is for this machine alone: open it as 127.0.0.1.'
        elif request.url.path not in _OPEN and not self._is_known(request):
            return 401, 'Give the token that seginpaint serve has printed.'
        if request.method != 'POST':
            return None
        origin = headers.get('origin')
        if origin is not None and urlsplit(origin).netloc != headers.get('host'):
            return 403, 'Another site may not send images here.'
        length = headers.get('content-length', '')
        if not length.isdigit():
            return 411, 'Say how long the request is: Content-Length.'
        if int(length) > MOST_BYTES:
            return 413, f'A request may have {MOST_BYTES >> 20} MiB: send smaller images.'
        return None


def _host(headers: Headers) -> str | None:
    try:
        return urlsplit(f'//{headers.get("host", "")}').hostname
    except ValueError:
        return None


class _Worker:
    """The endpoints; the model runs in a thread, so that the page stays responsive."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.limiter: anyio.CapacityLimiter | None = None
        self.waiting = 0

    async def remove(self, request: Request) -> Response:
        """Form: ``image``, ``mask``, ``grow`` and ``feather``; answered by a PNG."""
        async with request.form(max_files=2, max_fields=8) as form:
            image, mask = await _image(form.get('image')), await _image(form.get('mask'))
            grow, feather = str(form.get('grow') or '0'), str(form.get('feather') or '3')
        if not feather.isdigit():
            raise HTTPException(422, f'feather is a number of pixels, not {feather!r}.')

        def work() -> bytes:
            return png(self.service.remove(image, mask, grow, int(feather)))

        return Response(await self._run(work), media_type='image/png')

    async def objects(self, request: Request) -> Response:
        """Form: ``image``; answered by JSON: ``objects``, and ``map``, a PNG of their numbers."""
        async with request.form(max_files=1, max_fields=2) as form:
            image = await _image(form.get('image'))

        def work() -> dict:
            found, numbers = self.service.objects(image)
            return dict(objects=found, map=base64.b64encode(png(numbers)).decode())

        return JSONResponse(await self._run(work))

    async def layers(self, request: Request) -> Response:
        """Form: ``image`` and several ``mask``; answered by an OpenRaster file."""
        async with request.form(max_files=MOST_MASKS + 1, max_fields=2) as form:
            image = await _image(form.get('image'))
            masks = [await _image(mask) for mask in form.getlist('mask')]
        if not masks:
            raise HTTPException(422, 'Mark an object: the form has no mask.')
        data = await self._run(lambda: self.service.layers(image, masks))
        return Response(data, media_type='image/openraster')

    async def _run(self, work: Callable[[], Any]) -> Any:
        if self.waiting >= MOST_WAITING:
            raise HTTPException(503, 'Too many requests are waiting: try again later.')
        self.limiter = self.limiter or anyio.CapacityLimiter(1)
        self.waiting += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self.limiter)
        except (UserError, ValueError, OSError) as error:
            raise HTTPException(422, str(error)) from error
        finally:
            self.waiting -= 1


async def _image(part: UploadFile | str | None) -> Image.Image:
    """Read an uploaded image, known by its content."""
    if not isinstance(part, UploadFile):
        raise HTTPException(422, 'The form lacks an image: send the files "image" and "mask".')
    data = await part.read()
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise HTTPException(413, f'An image may have {MOST_PIXELS // 10**6} megapixels.')
        await anyio.to_thread.run_sync(image.load)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise HTTPException(415, 'What was sent is no image that can be read.') from error
    return image
