"""MMEngine's local files, written whole or not at all."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from seginpaint_mm.files import write_bytes


@register_backend('atomic', force=True)
class AtomicBackend(LocalBackend):
    """``backend_args=dict(backend='atomic')``: a kill or a full disk leaves the old file."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        write_bytes(filepath, obj)
