"""Hooks, one a file."""

from seginpaint_mm.engine.hooks.scene_visualization_hook import SceneVisualizationHook

__all__ = ['SceneVisualizationHook']
