"""One's own images with one's own objects: a folder of images and one of instance maps."""

from collections.abc import Callable, Sequence
from pathlib import Path

from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.datasets.scene_dataset import list_images, require_file
from seginpaint_mm.datasets.splits import choose_images
from seginpaint_mm.registry import DATASETS

_HOW_TO_GET = (
    'Either put Penn-Fudan there (PennFudanPed/ of https://www.cis.upenn.edu/~jshi/ped_html/), or '
    'your own images, each with a PNG of one channel, 0 where there is no object and 1, 2, ... '
    'on the objects, and name both with image_folder and mask_file.'
)


@DATASETS.register_module()
class FolderInstanceDataset(InstanceDataset):
    """Images with objects of one class, as Penn-Fudan has them: 0 background, 1 the class.

    Files: ``IMAGE_FOLDER/NAME.png`` (or another format) and for each an instance map, a PNG with
    one channel of 8 or 16 bits or a palette, 0 = no object. A map of nothing but 0 is allowed.
    Other files that mark objects, with flat colours, soft edges or several pages, are read as those
    are that ``infer.py --masks`` takes. 255 beside 1, 2, ... is void.

    Args:
        data_root: Folder that holds these.
        class_name: What the objects are.
        image_folder: The folder of the images.
        mask_file: Where the map of an image is; ``{name}`` stands for the image's name without
            its suffix.
        list_file: Below ``data_root``; see :func:`choose_images`, and so are the next three.
        part: ``'train'`` or ``'val'``.
        val_share: Of the images.
        split_seed: Varies the parts.
        pipeline: Transforms.
        indices: Take only the first n samples, or those with these indices.
        test_mode: Let a sample that fails in the pipeline be an error, not another sample.
        lazy_init: Look at the files only when the first sample is needed.

    Raises:
        ValueError: when ``mask_file`` has no ``{name}``.
        FileNotFoundError: when the data, or an image's map, are not there.
    """

    def __init__(
        self,
        data_root: str,
        *,
        class_name: str = 'person',
        image_folder: str = 'PNGImages',
        mask_file: str = 'PedMasks/{name}_mask.png',
        list_file: str | None = None,
        part: str | None = None,
        val_share: float = 0.2,
        split_seed: int = 0,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        if '{name}' not in mask_file:
            raise ValueError(
                f'mask_file must hold {{name}}, which stands for the name of an image, e.g. '
                f"'masks/{{name}}.png', not {mask_file!r}."
            )
        self.image_folder = image_folder
        self.split = dict(
            list_file=None if list_file is None else Path(data_root, list_file),
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        self.mask_file = mask_file
        self._own_source = dict(
            type='seginpaint_mm.FolderInstanceDataset',
            data_root=data_root,
            class_name=class_name,
            image_folder=image_folder,
            mask_file=mask_file,
            list_file=list_file,
            part=part,
            val_share=val_share,
            split_seed=split_seed,
        )
        super().__init__(
            data_root,
            metainfo=dict(
                classes=('background', class_name),
                palette=[(0, 0, 0), (220, 20, 60)],
                thing_ids=(1,),
            ),
            pipeline=pipeline,
            indices=indices,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def own_source(self) -> dict:
        """Config of this data set."""
        return self._own_source

    def find_samples(self) -> list[dict]:
        """Find the samples, sorted by name."""
        root = Path(self.data_root)
        folder = root / self.image_folder
        images = choose_images(list_images(folder, '*', _HOW_TO_GET), folder, **self.split)
        return [
            dict(
                img_path=str(image),
                instance_format='folder',
                instance_path=require_file(root / self.mask_file.format(name=image.stem), image),
            )
            for image in images
        ]
