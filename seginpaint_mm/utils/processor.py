"""The abilities of this machine's processor, and the number of threads to use.

Imports nothing but Python's own modules: the settings of threads have to stand in the environment
before PyTorch is imported.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

_CPUINFO = Path('/proc/cpuinfo')
_QUOTA = Path('/sys/fs/cgroup/cpu.max')
# oneDNN's own upper limit, as users set it; these values leave bfloat16 units unused.
_LIMITS = ('ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA')
_LIMITS_WITHOUT_BFLOAT16 = ('SSE41', 'AVX', 'AVX2', 'AVX2_VNNI', 'AVX512_CORE', 'AVX512_CORE_VNNI')
# What Linux calls them: Intel and AMD with AVX-512, with AMX, with AVX only; ARM.
_BFLOAT16 = {'avx512_bf16', 'amx_bf16', 'avx_ne_convert', 'bf16'}
_LEVELS = {'amx_tile': 'AMX', 'avx512f': 'AVX-512', 'avx2': 'AVX2', 'asimd': 'NEON'}
# Settings by which a user decides how threads of GNU's or Intel's OpenMP wait.
_WAITING = ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME')


def features() -> frozenset[str]:
    """Return the processor's features by Linux's names; none on other systems."""
    if not _CPUINFO.is_file():
        return frozenset()
    for line in _CPUINFO.read_text(encoding='utf-8', errors='replace').splitlines():
        name, _, words = line.partition(':')
        if name.strip() in ('flags', 'Features'):
            return frozenset(words.split())
    return frozenset()


def has_bfloat16_units() -> bool:
    """Whether bfloat16 is multiplied by units of its own, and not 4 to 20 times slower in software.

    False where that is not known, and where the user keeps oneDNN from using them.
    """
    limit = next((os.environ[name] for name in _LIMITS if os.environ.get(name)), 'DEFAULT')
    return limit.upper() not in _LIMITS_WITHOUT_BFLOAT16 and bool(_BFLOAT16 & features())


def describe() -> str:
    """Return the number of cores, the vector level, and whether bfloat16 is fast."""
    found = features()
    level = next((name for key, name in _LEVELS.items() if key in found), 'unknown level')
    bfloat16 = 'with' if has_bfloat16_units() else 'without'
    return f'{usable_cores()} cores, {level}, {bfloat16} bfloat16 units'


def usable_cores() -> int:
    """Return the number of cores, >= 1, that this process may use: affinity and cgroup quota."""
    has_affinity = hasattr(os, 'sched_getaffinity')
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quota, _, period = _QUOTA.read_text().partition(' ') if _QUOTA.is_file() else ('max', '', '')
    if quota.isdigit():
        cores = min(cores, -(-int(quota) // int(period)))
    return max(cores, 1)


def let_threads_sleep(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let threads that wait sleep instead of spin.

    OpenMP's threads spin while they wait for each other. Where another process wants the core, it
    takes the time of the thread that is waited for: a training step on two cores was three times
    slower beside a busy process, and 1.8 times with sleeping threads; on a quiet machine there was
    no difference. Whatever the user has set stays. No effect once PyTorch is imported.
    """
    if not any(name in environment for name in _WAITING):
        environment['OMP_WAIT_POLICY'] = 'passive'


def compute_threads(workers: int) -> int:
    """Return how many threads should compute beside so many processes that load data.

    Each worker gets a core of its own as long as three quarters are left for computing: threads
    wait for the slowest one, so that one interrupted thread stops all; but workers are idle most
    of the time, and of two or three cores computing needs all.
    """
    cores = usable_cores()
    return max(cores - workers, -(-3 * cores // 4))
