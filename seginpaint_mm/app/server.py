"""The HTTP side of the page: routes, limits and checks. Needs the extra ``page``."""

import asyncio
import base64
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from seginpaint_mm.app.actions import ACTIONS, Action, Field, Given, shortened
from seginpaint_mm.app.jobs import ENDED, Job, Jobs
from seginpaint_mm.app.openapi import PROGRESS, describe
from seginpaint_mm.app.service import Service, pack_masks
from seginpaint_mm.errors import MissingLibrary, UserError
from seginpaint_mm.interop.missing_libraries import requirement

try:
    import multipart  # noqa: F401  what starlette reads forms with
    import uvicorn
    from starlette.applications import Starlette
    from starlette.datastructures import FormData, Headers, UploadFile
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send
except ImportError as error:
    raise MissingLibrary(
        f'{error.name} is not installed: run pip install "{requirement("page")}".', name=error.name
    ) from None

PAGE = Path(__file__).parent / 'page'
FILES = {
    '/' if file.name == 'index.html' else f'/{file.name}': file.name for file in PAGE.iterdir()
}
_OPEN = tuple(path for path in FILES if path != '/')  # without a token: they say nothing
LOOPBACK = ('127.0.0.1', 'localhost', '::1')
MOST_BYTES = 64 << 20  # of a request
MOST_PIXELS = 50_000_000  # of an image
MOST_MASKS = 40
MOST_TEXTS = 40  # fields of a form that are no files
MOST_WAITING = 64  # requests
MOST_SECONDS = 600  # of work on a request
_TICK = 0.25  # seconds between looks at the progress
_FORM = 'multipart/form-data'
_FORMATS = ('JPEG', 'PNG', 'WEBP', 'BMP', 'TIFF')
_SAFE = {
    'Content-Security-Policy': "default-src 'self'; img-src 'self' blob: data:; "
    "frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
}
_BROKEN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def make_app(service: Service, token: str | None = None) -> Starlette:
    """Make the ASGI application.

    Args:
        service: Does the work, in a thread, for one request at a time.
        token: What requests must bring, as ``Authorization: Bearer TOKEN`` or ``?token=TOKEN``.
            None for a page that this machine alone can open: then the host must be this one's.
    """
    api = _Api(service)
    routes = [Route(path, partial(_file, name=name)) for path, name in FILES.items()]
    for name, action in ACTIONS.items():
        routes.append(Route(f'/api/{name}', partial(api.act, action=action), methods=['POST']))
    routes.append(Route('/api/status', api.status))
    routes.append(Route('/api/jobs/{job}', api.cancel, methods=['DELETE']))
    routes.append(Route('/openapi.json', api.description))
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
        scheme, _, bearer = request.headers.get('authorization', '').partition(' ')
        is_bearer = scheme.lower() == 'bearer'
        given = bearer.strip() if is_bearer else request.query_params.get('token', '')
        return secrets.compare_digest(given.encode(), str(self.token).encode())

    def _objection(self, request: Request) -> tuple[int, str] | None:
        headers = request.headers
        if self.token is None:
            if _host(headers) not in LOOPBACK:
                return 403, 'This page is for this machine alone: open it as 127.0.0.1.'
        elif request.url.path not in _OPEN and not self._is_known(request):
            return 401, 'Give the token that seginpaint serve has printed.'
        if request.method in ('GET', 'HEAD'):
            return None
        origin = headers.get('origin')
        if origin is not None and _place(origin) != headers.get('host'):
            return 403, 'Another site may not send images here.'
        if request.method != 'POST':
            return None
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


def _place(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


class _Api:
    """The endpoints; the model runs in a thread, so that the page stays responsive."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.jobs = Jobs()

    async def status(self, request: Request) -> Response:
        limits = dict(
            megapixels=MOST_PIXELS // 10**6,
            mebibytes=MOST_BYTES >> 20,
            seconds=MOST_SECONDS,
            masks=MOST_MASKS,
            waiting=MOST_WAITING,
        )
        return JSONResponse(dict(self.service.about(), waiting=len(self.jobs), limits=limits))

    async def description(self, request: Request) -> Response:
        return JSONResponse(describe())

    async def cancel(self, request: Request) -> Response:
        if not self.jobs.cancel(request.path_params['job']):
            raise HTTPException(404, 'There is no such job: it is done, or was never there.')
        return Response(status_code=204)

    async def act(self, request: Request, action: Action) -> Response:
        """Put the work of a form into the queue."""
        if len(self.jobs) >= MOST_WAITING:
            raise HTTPException(429, 'Too many requests are waiting: try again later.')
        sent = request.headers.get('content-type', 'nothing').partition(';')[0].strip()
        if sent.lower() != _FORM:
            raise HTTPException(415, f'Send a form, {_FORM}, not {shortened(sent)}.')
        try:
            form = await request.form(max_files=MOST_MASKS + 2, max_fields=MOST_TEXTS)
        except ClientDisconnect:
            raise HTTPException(499, 'The request has ended before its form.') from None
        try:
            _check_names(form, action)
            given = {
                name: _value(field, name, form.getlist(name))
                for name, field in action.fields.items()
            }
            media_type = action.media_type(given)
        except UserError as error:
            await form.close()
            raise HTTPException(422, str(error)) from error
        except HTTPException:
            await form.close()
            raise
        job = self.jobs.add(partial(_work, action, self.service, given))
        with_progress = PROGRESS in request.headers.get('accept', '')
        kind = _Progress if with_progress else _Result
        return kind(self.jobs, job, form, media_type)


def _work(action: Action, service: Service, given: Given) -> bytes:
    """Read the images, which wait as they came, and make the answer."""
    for name, field in action.fields.items():
        if field.kind == 'images':
            given[name] = pack_masks(_decoded(name, given[name]))
        elif field.kind == 'image' and given[name]:
            _load(name, given[name])
    answer = action.work(service, given)
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def _decoded(name: str, images: Sequence[Image.Image]) -> Iterator[Image.Image]:
    """Decode images one at a time: together they would take 24 MB and more each."""
    for image in images:
        _load(name, image)
        yield image
        image.close()


def _load(name: str, image: Image.Image) -> None:
    try:
        image.load()
    except _BROKEN as error:
        raise HTTPException(415, _no_image(name)) from error


class _Result(Response):
    """A job's result as it is, once it is there."""

    def __init__(self, jobs: Jobs, job: Job, form: FormData, media_type: str) -> None:
        self.jobs, self.job, self.form, self.media_type = jobs, job, form, media_type
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = asyncio.ensure_future(_wait_for_the_end(receive, self.job))
        try:
            await self.answer(scope, receive, send)
        finally:
            left.cancel()
            self.job.cancel()  # without effect when it is done
            await self.form.close()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async for _ in self.events():
            pass
        try:
            response = Response(self.result(), media_type=self.media_type)
        except HTTPException as error:
            response = JSONResponse(dict(error=error.detail), error.status_code)
        await response(scope, receive, send)

    async def events(self) -> AsyncIterator[dict]:
        """Tell what changes, until the result is there or will not come."""
        told: dict | None = None
        future = asyncio.wrap_future(self.job.future)
        while not future.done() and self.job.seconds() < MOST_SECONDS:
            if self.job.started is None:
                now = dict(state='waiting', ahead=self.jobs.ahead(self.job))
            else:
                now = dict(state='working', progress=round(self.job.progress, 3))
            if now != told:
                yield dict(job=self.job.id, **now)
            told = now
            await asyncio.wait([future], timeout=_TICK)
        if future.done() and not future.cancelled():
            future.exception()  # is told by `result`

    def result(self) -> bytes:
        if not self.job.future.done():
            self.job.cancel()
            raise HTTPException(
                408, f'This has taken more than {MOST_SECONDS} seconds: send a smaller image.'
            )
        try:
            return self.job.future.result()
        except ENDED:
            raise HTTPException(499, 'It was cancelled.') from None
        except (UserError, ValueError, OSError, MemoryError) as error:
            raise HTTPException(422, str(error) or 'There is too little memory.') from error


class _Progress(_Result):
    """Lines of JSON as a job goes on, the last with its result."""

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b'content-type', PROGRESS.encode())]
        await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
        async for event in self.events():
            await send(_line(event, more=True))
        end: dict = dict(job=self.job.id)
        try:
            result = base64.b64encode(self.result()).decode()
            end |= dict(state='done', type=self.media_type, result=result)
        except HTTPException as error:
            end |= dict(state='failed', status=error.status_code, error=error.detail)
        await send(_line(end, more=False))


def _line(event: dict, more: bool) -> dict:
    body = json.dumps(event).encode() + b'\n'
    return {'type': 'http.response.body', 'body': body, 'more_body': more}


async def _wait_for_the_end(receive: Receive, job: Job) -> None:
    """End the job when whoever asked is gone."""
    while (await receive())['type'] != 'http.disconnect':
        pass
    job.cancel()


def _check_names(form: FormData, action: Action) -> None:
    """UserError for fields that would be left out: unknown ones, and further ones of a name."""
    for name, count in Counter(name for name, _ in form.multi_items()).items():
        if name not in action.fields:
            known = ', '.join(action.fields)
            raise UserError(f'The form has a field {shortened(name)!r}, but takes {known} alone.')
        if count > 1 and action.fields[name].kind != 'images':
            raise UserError(f'The form has {count} times the field {name!r}: send one.')


def _value(field: Field, name: str, parts: list[UploadFile | str]) -> Any:
    """What a form gives for a field, see :class:`Given`; images are not read yet."""
    if not parts and not field.is_needed:
        return field.default
    if field.kind == 'text' and isinstance(parts[0], str):
        return parts[0] or field.default
    files = [part for part in parts if isinstance(part, UploadFile)]
    if field.kind == 'text' or not files or len(files) < len(parts):
        what = 'is a text' if field.kind == 'text' else 'lacks an image, the file'
        raise UserError(f'The form {what} "{name}".')
    images = [_image(name, file) for file in files]
    return images if field.kind == 'images' else images[0]


def _image(name: str, part: UploadFile) -> Image.Image:
    """Open an uploaded image, known by its content."""
    try:
        image = Image.open(part.file, formats=_FORMATS)
    except Image.DecompressionBombError as error:  # Pillow opens none of twice its own limit
        raise HTTPException(413, _too_large(name)) from error
    except _BROKEN as error:
        raise HTTPException(415, _no_image(name)) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise HTTPException(413, _too_large(name))
    return image


def _no_image(name: str) -> str:
    *others, last = ('WebP' if kind == 'WEBP' else kind for kind in _FORMATS)
    return (
        f'The file {name!r} is no image that can be read, or a damaged one: send '
        f'{", ".join(others)} or {last}.'
    )


def _too_large(name: str) -> str:
    most = MOST_PIXELS // 10**6
    return f'The image {name!r} has more than {most} megapixels: send a smaller one.'
