"""Refuses a checkpoint that is not the model's, before its weights are taken."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from seginpaint_mm.checkpoint import check_checkpoint_fits
from seginpaint_mm.engine.hooks.class_count_hook import unwrapped
from seginpaint_mm.registry import HOOKS


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """MMEngine only warns where tensors are missing or of another shape; this hook raises.

    Args:
        name: the checkpoint's path, for the message.
        partly: accept a checkpoint of which only a part matches (fine-tuning).
        resumes: the training of the checkpoint goes on, with its optimiser's state.

    Raises:
        CheckpointError: see :func:`check_checkpoint_fits`.
    """

    def __init__(self, *, name: str, partly: bool = False, resumes: bool = False) -> None:
        self._name = name
        self._resumes = resumes
        self._partly = partly

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        check_checkpoint_fits(
            unwrapped(runner.model),
            checkpoint,
            self._name,
            partly=self._partly,
            resumes=self._resumes,
        )
