"""``EdgeConnectInpainter``: fills holes by way of edges and classes (Sec. III-B2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from seginpaint_mm.models.adversarial import AdversarialInpainter
from seginpaint_mm.models.data_preprocessor import padding_mask
from seginpaint_mm.models.holes import (
    fill_holes,
    keep_padding,
    pad_with,
    repeat_border,
    stack_holes,
)
from seginpaint_mm.models.maskopt.edge_connect_networks import EdgeConnectGenerator
from seginpaint_mm.models.maskopt.predictions import set_predictions
from seginpaint_mm.models.maskopt.stages import (
    IGNORE_INDEX,
    canny_edges,
    one_hot,
    probabilities,
    to_grey,
)
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.graphs import EDGES, HOLE, IMAGE, LABELS, NETWORK, Graph

STAGES = ('edge', 'segmentation', 'image')
_DISCRIMINATOR = '_discriminator'  # end of the names of these parts
SIDES = EdgeConnectGenerator.divisor, EdgeConnectGenerator.least  # of what the stages take


@MODELS.register_module()
class EdgeConnectInpainter(AdversarialInpainter):
    """The edge, segmentation and image inpainters, each alone or one after the other.

    The samples' ``hole`` says what is to be filled. What is learnt is ``gt_image``, or the picture
    itself where the samples have none, its edges and, with a segmentation stage, ``gt_sem_seg``.
    The image stage gets what the stages before it have painted in the hole, and what is known
    outside; of a cue whose stage is missing, the truth, as EdgeConnect's is pretrained.
    Pretraining one role is a config with its stage only; plain EdgeConnect has no segmentation
    stage.

    Parts, for ``optim_wrapper`` and the logs: ``edge``, ``edge_discriminator``, and so on for
    ``segmentation`` and ``image``.

    Args:
        edge: Config of an :class:`EdgeStage`, or None.
        segmentation: Config of a :class:`SegmentationStage`, or None.
        image: Config of an :class:`ImageStage`, or None.
        segmentation_cue: The image stage gets classes, the true ones where ``segmentation`` is
            None; a number of classes, or None for edges alone.
        joint: The image's losses reach the edge and segmentation stages.
        frozen_parts: Parts that are not trained; they have no optimiser.
        part_checkpoints: Part name -> checkpoint of an earlier training, see
            :class:`AdversarialModel`; also of frozen parts.
        data_preprocessor: Config of a :class:`SceneDataPreprocessor`.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when there is no stage, a frozen part is none of them, or the data preprocessor
            does not say how it normalises.
    """

    needs_stage = True
    size_divisor, min_size = SIDES

    def __init__(
        self,
        *,
        edge: dict | None = None,
        segmentation: dict | None = None,
        image: dict | None = None,
        segmentation_cue: int | None = None,
        joint: bool = False,
        frozen_parts: Sequence[str] = (),
        part_checkpoints: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(part_checkpoints, data_preprocessor, init_cfg)
        configs = dict(edge=edge, segmentation=segmentation, image=image)
        self.stages = nn.ModuleDict(
            {name: MODELS.build(config) for name, config in configs.items() if config is not None}
        )
        self.segmentation_cue = segmentation_cue
        self.joint = joint
        self.frozen_parts: tuple[str, ...] = ()
        self._check()
        self._freeze(frozen_parts)

    def _check(self) -> None:
        if self.needs_stage and not self.stages:
            raise ValueError(f'{type(self).__name__} needs at least one of {", ".join(STAGES)}.')
        if 'segmentation' in self.stages and self.segmentation_cue not in (
            None,
            self.stages['segmentation'].num_classes,
        ):
            raise ValueError(
                f'segmentation_cue={self.segmentation_cue} must be segmentation.num_classes='
                f'{self.stages["segmentation"].num_classes}.'
            )

    def _freeze(self, names: Sequence[str]) -> None:
        self.frozen_parts = tuple(names)
        for name in names:
            parts = self.all_parts()
            if name not in parts:
                raise ValueError(
                    f'frozen_parts: there is no part {name!r}; use {", ".join(parts)}.'
                )
            parts[name].requires_grad_(False)

    def objection(self) -> str | None:
        if 'image' not in self.stages:
            return self.objection_without_image()
        if 'edge' in self.stages and self.num_classes is None:
            return None
        return (
            f'This {type(self).__name__} learns from true edges or classes, which are not known of '
            f'your images: give one with an edge and an image stage alone, or an ObjectRemover.'
        )

    def objection_without_image(self) -> str:
        return (
            f'This {type(self).__name__} has no image stage, so that it paints nothing: give the '
            f'config and the checkpoint of all parts together.'
        )

    def graphs(self) -> dict[str, Graph]:
        """Each stage, and ``network``, all in a row, where there are several.

        ``edges`` are those that :func:`canny_edges` finds outside the hole, ``labels`` the classes
        there, 255 = none. The results are ``completed``, in [0, 1], which is the image outside the
        hole, and ``painted_edges`` and ``classes`` as they were painted, also outside.
        """
        known = {} if self.num_classes is None else dict(labels=LABELS)
        inputs = dict(
            edge=dict(image=IMAGE, hole=HOLE, edges=EDGES),
            segmentation=dict(hole=HOLE, **known),
            image=dict(image=IMAGE, hole=HOLE, edges=EDGES, **known),
        )
        graphs = {
            name: Graph(self._stage_graph((name,), inputs[name]), inputs[name], *SIDES)
            for name in self.stages
        }
        if len(graphs) > 1:
            takes = inputs['image']
            network = self._stage_graph(tuple(self.stages), takes)
            graphs = {NETWORK: Graph(network, takes, *SIDES), **graphs}
        return graphs

    def _stage_graph(
        self, names: tuple[str, ...], inputs: Iterable[str]
    ) -> Callable[..., dict[str, Tensor]]:
        def run(*given: Tensor) -> dict[str, Tensor]:
            named = dict(zip(inputs, given, strict=True))
            hole, pictures = named['hole'], named.get('image')
            if pictures is not None:
                pictures = self.denormalise(pictures)
            labels = named.get('labels')
            planes = None if labels is None else self._planes(labels[:, 0])
            made = self.paint(pictures, hole.float(), named.get('edges'), planes, names)
            found = {}
            if 'image' in made:
                found['completed'] = fill_holes(pictures, made['image'], hole)
            if 'edges' in made:
                found['painted_edges'] = made['edges']
            if 'logits' in made:
                found['classes'] = made['logits'].argmax(dim=1, keepdim=True)
            return found

        return run

    def all_parts(self) -> dict[str, nn.Module]:
        """Name -> part, also those that are frozen."""
        parts = {name: stage.generator for name, stage in self.stages.items()}
        judges = {
            f'{name}{_DISCRIMINATOR}': stage.discriminator for name, stage in self.stages.items()
        }
        return {**parts, **judges}

    def predicting_parts(self) -> dict[str, nn.Module]:
        """Name -> part that predictions need, also those that are frozen."""
        return {n: part for n, part in self.all_parts().items() if not n.endswith(_DISCRIMINATOR)}

    def generators(self) -> dict[str, nn.Module]:
        return self._trained(is_judge=False)

    def discriminators(self) -> dict[str, nn.Module]:
        return self._trained(is_judge=True)

    def _trained(self, is_judge: bool) -> dict[str, nn.Module]:
        return {
            name: part
            for name, part in self.all_parts().items()
            if name not in self.frozen_parts and name.endswith(_DISCRIMINATOR) == is_judge
        }

    def generate(
        self, inputs: Tensor, data_samples: Sequence[SceneSample] | None
    ) -> dict[str, Tensor]:
        """Fill the holes of pictures whose sides are divisible by 4.

        Returns:
            What :meth:`paint` gives; ``truth``, N,3,H,W in [0, 1], ``truth_edges``, N,1,H,W, and,
            where there are classes, ``truth_labels``, int64 N,H,W; ``hole``, N,1,H,W, 0 or 1;
            ``padding``, bool N,1,H,W, where images of several sizes were padded: there, where
            nothing is learnt, paintings are the truth, and that is the picture without edges.
        """
        hole = stack_holes(data_samples, tuple(inputs.shape[-2:]))
        made = self._truths(inputs, data_samples)
        made['hole'] = hole.float()
        labels = made.get('truth_labels')
        painted = self.paint(
            self.denormalise(inputs), made['hole'], made['truth_edges'], self._planes(labels)
        )
        return {**made, **without_padding(painted, made)}

    def _truths(self, inputs: Tensor, data_samples: Sequence[SceneSample]) -> dict[str, Tensor]:
        padding = padding_mask(inputs, data_samples)
        pictures = self.denormalise(inputs)
        truth = self.target(pictures, data_samples)
        truths = dict(truth=keep_padding(truth, pictures, padding))
        if padding is None:
            truths['truth_edges'] = canny_edges(truth)
        else:
            truths.update(padding=padding, truth_edges=canny_edges(truth, ~padding))
        if self.num_classes is not None:
            truths['truth_labels'] = self._labels(data_samples)
        return truths

    @property
    def num_classes(self) -> int | None:
        """Of the segmentation; None without one."""
        if 'segmentation' in self.stages:
            return self.stages['segmentation'].num_classes
        return self.segmentation_cue

    def class_numbers(self, metainfo: Mapping) -> dict[str, dict[str, int | tuple[int, ...]]]:
        """Say which config values belong to a data set's classes; see :class:`ClassCountHook`."""
        if self.num_classes is None:
            return {}
        is_trained = 'segmentation' in self.stages
        key = 'segmentation.num_classes' if is_trained else 'segmentation_cue'
        return dict(num_classes={key: self.num_classes})

    def _labels(self, data_samples: Sequence[SceneSample]) -> Tensor:
        if not all('gt_sem_seg' in sample for sample in data_samples):
            raise ValueError(
                'The classes around the hole are given by gt_sem_seg, which a sample of the batch '
                "does not have: load it in the data set's pipeline."
            )
        return torch.cat([sample.gt_sem_seg.data for sample in data_samples])

    def _planes(self, labels: Tensor | None) -> Tensor | None:
        return None if labels is None else one_hot(labels, self.num_classes)

    def paint(
        self,
        pictures: Tensor,
        mask: Tensor,
        edges: Tensor,
        classes: Tensor | None,
        names: Sequence[str] = STAGES,
    ) -> dict[str, Tensor]:
        """Run the stages one after the other.

        Args:
            pictures: N,3,H,W in [0, 1], RGB.
            mask: N,1,H,W in [0, 1], 1 = to be filled; gradients reach it.
            edges: N,1,H,W, of the pictures where they are known.
            classes: N,C,H,W, likewise; None without segmentation.
            names: Stages that are run, of those that there are.

        Returns:
            ``mask``, and of the stages that there are ``edges``, N,1,H,W in [0, 1], ``logits``,
            N,C,H,W, and ``image``, N,3,H,W in [0, 1], each as it was painted, also outside.
        """
        made = dict(mask=mask)
        stages = {name for name in names if name in self.stages}
        if 'edge' in stages:
            made['edges'] = self.stages['edge'](to_grey(pictures), edges, mask)
            edges = self._complete(made['edges'], edges, mask)
        if 'segmentation' in stages:
            made['logits'] = self.stages['segmentation'](classes, mask)
            classes = self._complete(made['logits'].softmax(dim=1), classes, mask)
        if 'image' in stages:
            made['image'] = self.stages['image'](pictures, edges, classes, mask)
        return made

    def _complete(self, painted: Tensor, known: Tensor, mask: Tensor) -> Tensor:
        """A cue for the image: what was painted in the mask, what is known outside."""
        painted = painted if self.joint else painted.detach()
        return known.lerp(painted.to(known.dtype), mask.to(known.dtype))

    def generator_losses(
        self, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """L_E, L_S and L_I, each named after its stage, of the stages that learn."""
        grey = to_grey(generated['truth'])
        losses = {}
        for name, stage in self.stages.items():
            if not self._learns(name):
                continue
            if name == 'edge':
                found = stage.generator_losses(generated['edges'], generated['truth_edges'], grey)
            elif name == 'segmentation':
                labels = generated['truth_labels']
                found = stage.generator_losses(generated['logits'], labels, grey)
            else:
                names = ('image', 'truth', 'hole')
                found = stage.generator_losses(
                    *(generated[key] for key in names), generated.get('padding')
                )
            losses.update({f'{name}.{key}': value for key, value in found.items()})
        return losses

    def _learns(self, name: str) -> bool:
        """Whether a stage's losses reach any weights."""
        return name in self.generators() or (self.joint and bool(self.generators()))

    def discriminator_losses(
        self, name: str, generated: dict[str, Tensor], data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """``loss_real`` and ``loss_fake``."""
        stage = name.removesuffix('_discriminator')
        grey = to_grey(generated['truth'])
        if stage == 'edge':
            painted, truth, beside = generated['edges'], generated['truth_edges'], grey
        elif stage == 'segmentation':
            truth, beside = one_hot(generated['truth_labels'], self.num_classes), grey
            painted = probabilities(generated['logits'], generated['truth_labels'])
        else:
            painted, truth, beside = generated['image'], generated['truth'], None
        return self.stages[stage].discriminator_losses(painted, truth, beside)

    def fill(
        self,
        images: Tensor,
        hole: Tensor,
        data_samples: Sequence[SceneSample],
        normalised: Tensor,
    ) -> None:
        """Predict by the stages that there are.

        Edges are those of what can be seen, without the hole; where there is no edge stage, the
        true ones. Classes outside the hole are the samples' ``gt_sem_seg``. Adds:

        - ``pred_image`` uint8 3,h,w, RGB: outside the hole the picture, bit for bit;
        - ``pred_edges`` float32 1,h,w in [0, 1];
        - ``pred_sem_seg`` int64 1,h,w: outside the hole the given classes, 255 = none.

        Raises:
            ValueError: when a sample has no classes.
        """
        labels, size = None, tuple(normalised.shape[-2:])
        if self.num_classes is not None:
            labels = pad_with(self._labels(data_samples), images.shape[-2:], IGNORE_INDEX)
        if 'edge' in self.stages:
            edges = canny_edges(images, ~hole)
        else:
            truth = self.target(self.denormalise(normalised), data_samples)
            edges = canny_edges(repeat_border(truth, *SIDES))
        made = self.paint(images, hole.to(images.dtype), edges, self._planes(labels))
        set_predictions(data_samples, images, hole, made, labels, size)


def without_padding(painted: dict[str, Tensor], truths: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put the truth where the stages have painted padding.

    Args:
        painted: What :meth:`EdgeConnectInpainter.paint` gives.
        truths: ``truth``, ``truth_edges`` and, where there is any, ``padding``.
    """
    padding = truths.get('padding')
    pairs = (('edges', 'truth_edges'), ('image', 'truth'))
    kept = {
        name: keep_padding(painted[name], truths[truth], padding)
        for name, truth in pairs
        if name in painted
    }
    return {**painted, **kept}
