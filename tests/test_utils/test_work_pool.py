"""Jobs in several processes give what one process gives."""

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seginpaint_mm.utils.work_pool import run_jobs


def test_results_are_in_order_whatever_the_number_of_workers() -> None:
    jobs = range(20)
    expected = [math.factorial(job) for job in jobs]
    assert list(run_jobs(math.factorial, jobs, workers=1)) == expected
    assert list(run_jobs(math.factorial, jobs, workers=2, chunk=3)) == expected


# Jobs that never end, each of which leaves a file named by its process.
ENDLESS = """
import os, sys, time
from pathlib import Path
from seginpaint_mm.utils.work_pool import run_jobs

def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)

if __name__ == '__main__':
    list(run_jobs(work, [sys.argv[1]] * 2, workers=2))
"""


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='reads /proc')
def test_workers_of_a_killed_process_end(tmp_path: Path) -> None:
    """And the server that they were forked from: nothing of a killed command stays."""
    script, folder = tmp_path / 'endless.py', tmp_path / 'pids'
    script.write_text(ENDLESS)
    folder.mkdir()
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)}
    command = [sys.executable, '-W', 'ignore', str(script), str(folder)]
    with subprocess.Popen(command, env=environment) as process:
        while len(list(folder.iterdir())) < 2:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    pids = [int(path.name) for path in folder.iterdir()]
    deadline = time.monotonic() + 120
    while any(map(_runs, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_runs, pids))


def _runs(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False
