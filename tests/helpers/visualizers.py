"""A visualizer of three classes with narrow panels."""

from seginpaint_mm.registry import VISUALIZERS
from seginpaint_mm.visualization import SceneVisualizer

CLASSES = ('road', 'sidewalk', 'other')
PALETTE = ((128, 64, 128), (244, 35, 232), (70, 130, 180))


def make_visualizer(name: str, panel_width: int = 64) -> SceneVisualizer:
    config = dict(type='SceneVisualizer', name=name, panel_width=panel_width)
    visualizer = VISUALIZERS.build(config)
    visualizer.dataset_meta = dict(classes=CLASSES, palette=PALETTE)
    return visualizer
