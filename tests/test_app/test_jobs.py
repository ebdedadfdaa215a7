"""The queue behind the page: order, progress, cancelling, and no memory that grows."""

import base64
import gc
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import psutil
import pytest
import requests

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.apis.rounds import Cancelled, watched
from seginpaint_mm.app import Service, server
from seginpaint_mm.app.jobs import Jobs
from seginpaint_mm.app.openapi import PROGRESS
from tests.helpers.serving import Finder, form, masks, photo, png, serving


class Slow(Finder):
    """Waits, step by step, until it may go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.ends: list[str] = []

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        try:
            for _ in watched(range(6000), 6000):
                if self.may_go_on.wait(0.02):
                    break
        except Cancelled:
            self.ends.append('cancelled')
            raise
        self.ends.append('done')
        return super().objects(scene, image)


@pytest.fixture(scope='module')
def finder() -> Slow:
    return Slow()


@pytest.fixture(scope='module')
def address(finder: Slow) -> Iterator[str]:
    with serving(Service('telea', finder)) as address:
        yield address


@pytest.fixture(autouse=True)
def stopped(finder: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    finder.may_go_on.clear()
    finder.ends.clear()
    monkeypatch.setattr(server, '_TICK', 0.01)


def ask(address: str, path: str = 'objects', **more: bytes) -> Iterator[dict]:
    """The lines of a progress."""
    answer = requests.post(
        f'{address}/api/{path}',
        files=form(image=png(photo()), **more),
        headers={'Accept': PROGRESS},
        stream=True,
        timeout=60,
    )
    assert answer.headers['content-type'] == PROGRESS
    return (json.loads(line) for line in answer.iter_lines(chunk_size=1))


def waiting(address: str) -> int:
    return requests.get(f'{address}/api/status', timeout=60).json()['waiting']


def until(condition: object) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_progress_goes_from_waiting_to_the_result(address: str, finder: Slow) -> None:
    first = ask(address)
    until(lambda: next(first).get('progress', 0) > 0)
    second = ask(address, 'remove', mask=png(masks()[0]))
    told = next(second)
    assert (told['state'], told['ahead']) == ('waiting', 1)
    finder.may_go_on.set()
    *_, last = first
    assert json.loads(base64.b64decode(last['result']))['objects'][0]['name'] == 'chair'
    *_, last = second
    plain = requests.post(
        f'{address}/api/remove', files=form(image=png(photo()), mask=png(masks()[0])), timeout=60
    )
    assert (last['state'], last['type']) == ('done', 'image/png')
    assert base64.b64decode(last['result']) == plain.content


def test_failures_end_a_progress(address: str) -> None:
    *_, last = ask(address, 'remove', mask=png(masks()[0, :20]))
    assert (last['state'], last['status']) == ('failed', 422)
    assert 'mask' in last['error']


def test_waiting_and_running_jobs_are_cancelled(address: str, finder: Slow) -> None:
    running = ask(address)
    until(lambda: next(running)['state'] == 'working')
    idle = ask(address)
    for progress in (idle, running):
        job = next(progress)['job']
        answer = requests.delete(f'{address}/api/jobs/{job}', timeout=60)
        assert answer.status_code == 204
        *_, last = progress
        assert (last['state'], last['status']) == ('failed', 499)
    until(lambda: waiting(address) == 0)
    assert finder.ends == ['cancelled'], 'the other one was never begun'
    gone = requests.delete(f'{address}/api/jobs/{job}', timeout=60)
    assert gone.status_code == 404


@pytest.mark.parametrize('kind', [PROGRESS, '*/*'])
def test_nobody_works_for_who_has_left(address: str, finder: Slow, kind: str) -> None:
    files, headers = form(image=png(photo())), {'Accept': kind}
    url = f'{address}/api/objects'
    with suppress(requests.exceptions.Timeout):
        requests.post(url, files=files, headers=headers, stream=True, timeout=0.3).close()
    until(lambda: waiting(address) == 0)
    assert finder.ends in ([], ['cancelled'])


def test_work_may_not_take_for_ever(
    address: str, finder: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, 'MOST_SECONDS', 0.1)
    answer = requests.post(f'{address}/api/objects', files=form(image=png(photo())), timeout=60)
    assert answer.status_code == 408
    assert 'more than 0.1 seconds' in answer.json()['error']
    until(lambda: finder.ends == ['cancelled'])


def test_jobs_are_done_in_turn() -> None:
    jobs, done = Jobs(), []
    began, may_go_on = threading.Event(), threading.Event()
    first = jobs.add(lambda: (began.set(), may_go_on.wait(120)))
    others = [jobs.add(lambda number=number: done.append(number)) for number in range(5)]
    assert began.wait(120)
    assert [jobs.ahead(job) for job in (first, *others)] == [0, 1, 2, 3, 4, 5]
    others[2].cancel()
    may_go_on.set()
    others[-1].future.result(120)
    assert done == [0, 1, 3, 4]
    until(lambda: len(jobs) == 0)


def test_many_requests_do_not_grow_the_memory(address: str) -> None:
    files = form(image=png(photo()), mask=png(masks()[0]))
    session = requests.Session()

    def many(count: int) -> int:
        with ThreadPoolExecutor(4) as pool:
            asked = (
                pool.submit(session.post, f'{address}/api/remove', files=files, timeout=60)
                for _ in range(count)
            )
            assert all(answer.result().status_code == 200 for answer in list(asked))
        gc.collect()
        return psutil.Process().memory_info().rss

    before = many(40)
    objects = len(gc.get_objects())
    after = many(40)
    assert after - before < 8 << 20
    assert len(gc.get_objects()) - objects < 400, 'ten of each request would be too many'
