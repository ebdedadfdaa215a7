"""Visualisations: predictions, the layout behind objects, and errors."""

from seginpaint_mm.visualization.scene_visualizer import SceneVisualizer

__all__ = ['SceneVisualizer']
