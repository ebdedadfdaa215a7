"""A paper's qualitative figure: several methods side by side on the same images."""

from seginpaint_mm.figures.drawing import draw_figure
from seginpaint_mm.figures.spec import Column, FigureSpec, load_figure

__all__ = ['Column', 'FigureSpec', 'draw_figure', 'load_figure']
