"""Weights are downloaded whole or not at all, by the real code from a local server."""

import errno
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from seginpaint_mm.commands import fetch as fetch_command
from seginpaint_mm.errors import CheckpointError, UserError
from seginpaint_mm.zoo import CACHE, WEIGHTS, download, fetch, find_weights
from tests.helpers.tool_runs import REPOSITORY
from tests.helpers.weight_server import WeightServer

CONTENT = np.random.default_rng(0).bytes(300_000)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path))
    monkeypatch.setattr(download, 'PAUSE', 0)
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / 'weights'


@pytest.fixture
def server() -> Iterator[WeightServer]:
    with WeightServer(CONTENT) as running:
        yield running


def kept(cache: Path) -> dict[str, bytes]:
    """What the cache holds beside locks."""
    return {path.name: path.read_bytes() for path in cache.iterdir() if path.suffix != '.lock'}


def test_a_file_is_downloaded_once(server: WeightServer, cache: Path) -> None:
    for _ in range(2):
        assert fetch(server.weights(), show_progress=False) == cache / 'stand-in.pt'
    assert kept(cache) == {'stand-in.pt': CONTENT}
    assert server.asked == [('/folder/stand-in.pt?download=1', None)]


def test_broken_connections_go_on(server: WeightServer, cache: Path) -> None:
    server.breaks_after = 90_000
    server.statuses = [503]
    fetch(server.weights(), show_progress=False)
    assert kept(cache) == {'stand-in.pt': CONTENT}
    assert [wanted for _, wanted in server.asked] == [
        *(None, None, 'bytes=90000-', 'bytes=180000-', 'bytes=270000-')
    ]


@pytest.mark.parametrize('begun', [CONTENT[:50_000], CONTENT, b'x' * 50_000, b'x' * 400_000])
@pytest.mark.parametrize('ranges', [True, False])
def test_what_an_earlier_call_left_is_used_or_replaced(
    server: WeightServer, cache: Path, begun: bytes, ranges: bool
) -> None:
    """Also all of the file, the beginning of another one, and more than the file has."""
    server.ranges = ranges
    cache.mkdir()
    (cache / 'stand-in.pt.partial').write_bytes(begun)
    fetch(server.weights(), show_progress=False)
    assert kept(cache) == {'stand-in.pt': CONTENT}
    assert server.asked[0][1] == f'bytes={len(begun)}-'


def test_another_file_is_refused(server: WeightServer, cache: Path) -> None:
    other = server.weights(md5=hashlib.md5(b'').hexdigest())
    digest = hashlib.md5(CONTENT).hexdigest()
    with pytest.raises(CheckpointError, match=f'MD5 {digest} instead of {other.md5}') as raised:
        fetch(other, show_progress=False)
    assert other.url in str(raised.value)
    assert str(cache / 'stand-in.pt') in str(raised.value)
    assert not kept(cache)
    short = server.weights(sha256='00000000')
    with pytest.raises(CheckpointError, match=r'SHA-256 \w{64} instead of 00000000'):
        fetch(short, show_progress=False)
    assert not kept(cache)


def test_a_file_put_by_hand_is_checked_and_stays(server: WeightServer, cache: Path) -> None:
    cache.mkdir()
    path = cache / 'stand-in.pt'
    path.write_bytes(b'another')
    with pytest.raises(CheckpointError, match='is not the published file .* and is not loaded'):
        fetch(server.weights())
    assert path.read_bytes() == b'another'
    path.write_bytes(CONTENT)
    assert fetch(server.weights()) == path
    assert not server.asked


def test_what_cannot_be_had_is_said_in_one_sentence(server: WeightServer, cache: Path) -> None:
    server.statuses = [404]
    weights = server.weights()
    with pytest.raises(CheckpointError, match='cannot be downloaded .Not Found.') as raised:
        fetch(weights, show_progress=False)
    assert len(server.asked) == 1
    server.statuses = [503] * 9
    with pytest.raises(CheckpointError, match='Service Unavailable'):
        fetch(weights, show_progress=False)
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        port = unused.getsockname()[1]
    offline = server.weights(url=f'http://127.0.0.1:{port}/stand-in.pt')
    with pytest.raises(CheckpointError, match='refused') as raised:
        fetch(offline, show_progress=False)
    assert re.fullmatch(
        rf'stand-in cannot be downloaded \(.*\): get {offline.url} where there is a network, and '
        rf'put the file at {cache / "stand-in.pt"}\.',
        str(raised.value),
    )
    assert not kept(cache)


def test_a_full_disk_keeps_what_came(
    server: WeightServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, 'fsync', full)
        with pytest.raises(CheckpointError, match='No space left on device'):
            fetch(server.weights(), show_progress=False)
    fetch(server.weights(), show_progress=False)
    assert kept(cache) == {'stand-in.pt': CONTENT}


def test_a_cache_that_cannot_be_written(
    server: WeightServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'file').touch()
    monkeypatch.setenv(CACHE, str(tmp_path / 'file'))
    with pytest.raises(OSError, match=f'Cannot write into the cache .*: name another .* {CACHE}'):
        fetch(server.weights())


def test_proxies_of_the_environment_are_used(
    server: WeightServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('http_proxy', server.address)
    fetch(server.weights(url='http://weights.invalid/a.pt'), show_progress=False)
    assert server.asked == [('http://weights.invalid/a.pt', None)]


_PROGRAM = """
import sys
from seginpaint_mm.zoo import Weights, fetch
print('begins', flush=True)
print(fetch(Weights(name='a', what='a', url=sys.argv[1], megabytes=1, licence='', source='',
                    inputs='', md5=sys.argv[2]), show_progress=False))
"""


def test_two_processes_at_once_and_one_is_killed(server: WeightServer, cache: Path) -> None:
    """The second waits for the first, which is killed on the way, and goes on with its part."""
    server.pause = 0.3
    weights = server.weights()
    command = [sys.executable, '-c', _PROGRAM, weights.url, weights.md5]
    started = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout.readline() == 'begins\n'
    partial = cache / 'stand-in.pt.partial'
    deadline = time.monotonic() + 120
    while not (partial.exists() and partial.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(server.asked) == 1
    holder = started[0] if _holds_lock(started[0], partial) else started[1]
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    other = started[1 - started.index(holder)]
    assert other.communicate(timeout=120)[0] == f'{cache / "stand-in.pt"}\n'
    holder.stdout.close()
    assert kept(cache) == {'stand-in.pt': CONTENT}
    assert len(server.asked) == 2
    assert server.asked[1][1].startswith('bytes=')


def _holds_lock(process: subprocess.Popen, partial: Path) -> bool:
    """Whether a process is the one that writes: it has the partial file open."""
    files = Path(f'/proc/{process.pid}/fd')
    return any(path.resolve() == partial.resolve() for path in files.iterdir())


def test_the_known_weights_are_those_of_their_publishers() -> None:
    """Torchvision's by its own enum; the others have what `fetch` needs, and a licence."""
    from torchvision.models.detection import MaskRCNN_ResNet50_FPN_V2_Weights

    assert find_weights('maskrcnn').url == MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1.url
    for weights in WEIGHTS.values():
        assert weights.url.startswith('https://')
        assert weights.md5 or weights.sha256
        assert weights.licence
    with pytest.raises(UserError, match="There are no weights 'lamma': did you mean 'lama'"):
        find_weights('lamma')


def test_fetch_prints_place_and_checksums(
    server: WeightServer,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(WEIGHTS, 'stand-in', server.weights())
    fetch_command.main(['stand-in'])
    printed = capsys.readouterr()
    assert f'stand-in: {cache / "stand-in.pt"} (Apache-2.0, here)' in printed.out
    assert f'sha256 {hashlib.sha256(CONTENT).hexdigest()}' in printed.out
    assert server.address in printed.err
    server.statuses = [404]
    (cache / 'stand-in.pt').unlink()
    with pytest.raises(SystemExit):
        fetch_command.main(['stand-in'])
    assert capsys.readouterr().err.count('error: ') == 1
