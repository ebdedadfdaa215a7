"""Pictures a person would want to look at: what is found, what is behind it, and what is wrong."""

from seginpaint_mm.visualization.scene_visualizer import SceneVisualizer

__all__ = ['SceneVisualizer']
