"""The OpenAPI description of the page's API, made from its actions."""

from seginpaint_mm import __version__
from seginpaint_mm.app.actions import ACTIONS, Action, Field

PROGRESS = 'application/x-ndjson'
_JSON = 'application/json'
_FAILURES = {
    '400': 'The form cannot be read, or has too many parts.',
    '401': 'The token is missing or another, where the server is open to other machines.',
    '403': 'Another host or another site asks.',
    '408': 'It took too long.',
    '411': 'The request does not say how long it is.',
    '413': 'The request or an image is too large.',
    '415': 'A file is no image that can be read, or the request is no form.',
    '422': 'A field is missing, wrong or unknown.',
    '429': 'Too many requests are waiting.',
    '499': 'It was cancelled.',
}
_ERROR = {'$ref': '#/components/schemas/Error'}
_EVENT = {'$ref': '#/components/schemas/Event'}


def describe() -> dict:
    """Return the description, OpenAPI 3.1, of all addresses that programs use."""
    paths = {f'/api/{name}': dict(post=_post(name, action)) for name, action in ACTIONS.items()}
    refused = {status: _answer(_FAILURES[status], {_JSON: _ERROR}) for status in ('401', '403')}
    paths['/api/status'] = dict(
        get=dict(
            operationId='status',
            summary='Tell what is loaded, what the limits are, and how many requests wait.',
            responses={'200': _answer('The status.', {_JSON: dict(type='object')}), **refused},
        )
    )
    paths['/api/jobs/{job}'] = dict(
        delete=dict(
            operationId='cancel',
            summary='Cancel a request, of which the first line of its progress tells the job.',
            parameters=[
                {'name': 'job', 'in': 'path', 'required': True, 'schema': dict(type='string')}
            ],
            responses={
                '204': dict(description='It is cancelled.'),
                '404': _answer('There is no such job, or it is done.', {_JSON: _ERROR}),
                **refused,
            },
        )
    )
    return dict(
        openapi='3.1.0',
        info=dict(title='seginpaint', version=__version__, license=dict(name='Apache-2.0')),
        paths=paths,
        components=dict(
            schemas=dict(
                Error=dict(
                    type='object',
                    required=['error'],
                    properties=dict(error=dict(type='string', description='One sentence.')),
                ),
                Event=dict(
                    type='object',
                    required=['job', 'state'],
                    description='One line of a progress.',
                    properties=dict(
                        job=dict(type='string'),
                        state=dict(enum=['waiting', 'working', 'done', 'failed']),
                        ahead=dict(type='integer', description='Requests that are done before.'),
                        progress=dict(type='number', minimum=0, maximum=1),
                        type=dict(type='string', description='Media type of the result.'),
                        result=dict(type='string', contentEncoding='base64'),
                        status=dict(type='integer', description='Of a failure.'),
                        error=dict(type='string'),
                    ),
                ),
            ),
            securitySchemes=dict(token=dict(type='http', scheme='bearer')),
        ),
        security=[{}, dict(token=[])],  # a token where the server is open to other machines
    )


def _post(name: str, action: Action) -> dict:
    form = dict(
        type='object',
        properties={key: _schema(field) for key, field in action.fields.items()},
        required=[key for key, field in action.fields.items() if field.is_needed],
    )
    answers = {kind: dict(type='object') if kind == _JSON else {} for kind in action.types}
    failures = {
        status: _answer(sentence, {_JSON: _ERROR}) for status, sentence in _FAILURES.items()
    }
    return dict(
        operationId=name,
        summary=action.about,
        requestBody=dict(required=True, content={'multipart/form-data': dict(schema=form)}),
        responses={
            '200': _answer(
                f'The result; with "Accept: {PROGRESS}" lines of progress, the last with it.',
                {**answers, PROGRESS: _EVENT},
            ),
            **failures,
        },
    )


def _schema(field: Field) -> dict:
    if field.kind == 'text':
        described = dict(type='string', description=field.about)
        return described if field.default is None else {**described, 'default': field.default}
    file = dict(type='string', format='binary')
    if field.kind == 'image':
        return {**file, 'description': field.about}
    return dict(type='array', items=file, minItems=1, description=field.about)


def _answer(sentence: str, content: dict[str, dict]) -> dict:
    return dict(
        description=sentence,
        content={kind: dict(schema=schema) for kind, schema in content.items()},
    )
