"""``SceneFolderDataset``: your own scenes: images, label maps, and classes that hide others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from typing_extensions import Unpack

from seginpaint_mm.datasets.image_dataset import ImageOptions
from seginpaint_mm.datasets.own_labels import Labels, read_own_labels
from seginpaint_mm.datasets.scene_dataset import SceneDataset, list_images, require_file
from seginpaint_mm.datasets.splits import choose_images
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Put images there, each with a label map (PNG of label ids, with or without palette, or of '
    'colours), or name the folders with image_folder and label_folder.'
)


@DATASETS.register_module()
class SceneFolderDataset(SceneDataset):
    """Images and label maps of any classes, some of which are foreground that hides the others.

    Files: ``IMAGE_FOLDER/SUB/NAME{image_suffix}.jpg`` (or another format) and, for each,
    ``LABEL_FOLDER/SUB/NAME{label_suffix}``; where ``hidden_folder`` is named also
    ``HIDDEN_FOLDER/SUB/NAME{label_suffix}``, what is also behind the foreground: the same ids (or
    colours), and 255 or a foreground id where it is not known.

    ``metainfo`` holds ``classes``, the labels that are neither foreground nor void, in their order
    (or the keys of ``classes``), and their ``palette``. The numbers that networks predict are
    places in this list, whatever ids the files have.

    Args:
        data_root: Folder that holds the others.
        labels: Names of the labels: in the order of their ids, 0, 1, ..., or each with its id, or
            with its colour (R, G, B) where the label maps are colour images. 255 is void, also
            where it is not named; black in colour images, unless it is a label's.
        foreground: Names of the labels that hide what is behind them, e.g. cars and persons.
        ground: Names of the classes on which :class:`PasteForeground` may put objects.
        void: Names of labels that are neither learnt nor counted.
        classes: Joins labels to one class: the class's name, and its labels' names. None: each
            label is its own class.
        object_groups: Foreground labels of which one object may consist, e.g. a rider and the
            bicycle; None: an object has one label.
        palette: A colour (R, G, B) per class; None: the labels' own, or VOC's.
        image_folder: The images, in it or in sub-folders.
        label_folder: The label maps, in sub-folders of the same names.
        hidden_folder: Hidden truth; None: nothing is known behind the foreground.
        image_suffix: What the images' names end in, before their format.
        label_suffix: What takes its place, and the format's.
        list_file: See :func:`choose_images`, and so are the next three.
        part: ``'train'`` or ``'val'``.
        val_share: Of the images.
        split_seed: Varies the parts.
        common: ``pipeline``, ``indices``, ...; see :class:`ImageDataset`.

    Raises:
        ValueError: one sentence, when names or numbers do not fit each other.
        FileNotFoundError: when there is no image, or an image has no label map.
    """

    def __init__(
        self,
        data_root: str,
        *,
        labels: Labels,
        foreground: Sequence[str],
        ground: Sequence[str] = (),
        void: Sequence[str] = (),
        classes: Mapping[str, Sequence[str]] | None = None,
        object_groups: Sequence[Sequence[str]] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        image_folder: str = 'images',
        label_folder: str = 'labels',
        hidden_folder: str | None = None,
        image_suffix: str = '',
        label_suffix: str = '.png',
        list_file: str | None = None,
        part: str | None = None,
        val_share: float = 0.2,
        split_seed: int = 0,
        **common: Unpack[ImageOptions],
    ) -> None:
        own = read_own_labels(
            labels,
            foreground=foreground,
            ground=ground,
            void=void,
            classes=classes,
            object_groups=object_groups,
            palette=palette,
        )
        if not foreground:
            raise ValueError(
                f'foreground names no label: name those that hide what is behind them, of '
                f'{", ".join(labels)}.'
            )
        self.label_table = own.table
        self.ground = tuple(ground)
        self.image_folder = image_folder
        self.label_folder = label_folder
        self.hidden_folder = hidden_folder
        self.image_suffix = image_suffix
        self.label_suffix = label_suffix
        self.split = dict(
            list_file=None if list_file is None else Path(data_root, list_file),
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        # What PasteForeground makes a data set of, whose objects it pastes into this one's images.
        self._own_source = dict(
            type='seginpaint_mm.SceneFolderDataset',
            data_root=data_root,
            labels=labels,
            foreground=foreground,
            void=void,
            classes=classes,
            object_groups=object_groups,
            image_folder=image_folder,
            label_folder=label_folder,
            image_suffix=image_suffix,
            label_suffix=label_suffix,
            list_file=list_file,
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        super().__init__(
            data_root,
            metainfo=own.metainfo,
            **common,
        )

    def get_data_info(self, idx: int) -> dict:
        """A sample, with the names that :class:`PasteForeground` asks for."""
        return dict(
            super().get_data_info(idx),
            ground_names=self.ground or None,
            own_source=self._own_source,
            label_table=self.label_table,
        )

    def load_data_list(self) -> list[dict]:
        """Find the samples, sorted by folder and name."""
        folder = Path(self.data_root, self.image_folder)
        images = list_images(folder, f'**/*{self.image_suffix}', _HOW_TO_GET)
        return [
            self._sample(path, path.relative_to(folder))
            for path in choose_images(images, folder, **self.split)
        ]

    def _sample(self, image: Path, place: Path) -> dict:
        name = f'{place.stem.removesuffix(self.image_suffix)}{self.label_suffix}'
        root = Path(self.data_root)
        truth = None
        if self.hidden_folder is not None:
            truth = require_file(root / self.hidden_folder / place.with_name(name), image)
        return dict(
            img_path=str(image),
            label_path=require_file(root / self.label_folder / place.with_name(name), image),
            background_path=truth,
            background_has_label_ids=True,
            instance_path=None,
        )
