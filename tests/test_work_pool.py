"""Jobs in several processes give what one process gives."""

import math

from seginpaint_mm.work_pool import run_jobs


def test_results_are_in_order_whatever_the_number_of_workers() -> None:
    jobs = range(20)
    expected = [math.factorial(job) for job in jobs]
    assert list(run_jobs(math.factorial, jobs, workers=1)) == expected
    assert list(run_jobs(math.factorial, jobs, workers=2, chunk=3)) == expected
