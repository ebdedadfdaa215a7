"""Tables of measurements, for people (Markdown) and for programs (JSON)."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """A titled table.

    Attributes:
        title: What was measured.
        columns: Names of the values in a row.
        rows: Each a mapping from column to a text, a number or None (not measured).
        note: How it was measured.
    """

    title: str
    columns: Sequence[str]
    note: str
    rows: list[dict] = field(default_factory=list)

    def to_markdown(self) -> str:
        lines = [list(self.columns), ['---', *['---:'] * (len(self.columns) - 1)]]
        lines += [[_cell(row[column]) for column in self.columns] for row in self.rows]
        table = '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)
        return f'## {self.title}\n\n{self.note}\n\n{table}\n'

    def to_json(self) -> dict:
        return {'title': self.title, 'note': self.note, 'rows': self.rows}


def _cell(value: str | float | None) -> str:
    if value is None:
        return '–'
    if isinstance(value, float):
        return f'{value:.3g}' if abs(value) < 100 else f'{value:.0f}'
    return str(value)
