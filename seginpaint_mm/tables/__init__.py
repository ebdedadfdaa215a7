"""Tables of results: the paper's numbers beside ours, over seeds."""

from seginpaint_mm.tables.execute import execute
from seginpaint_mm.tables.render import row_values, to_json, to_markdown
from seginpaint_mm.tables.runs import Run, plan
from seginpaint_mm.tables.spec import Row, TableSpec, load_spec, share_parts, with_row_options

__all__ = [
    'Row',
    'Run',
    'TableSpec',
    'execute',
    'load_spec',
    'plan',
    'row_values',
    'share_parts',
    'to_json',
    'to_markdown',
    'with_row_options',
]
