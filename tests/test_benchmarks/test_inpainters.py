"""The benchmark of inpainters measures what it says, on small images."""

from unittest import mock

import pytest
import torch

from seginpaint_mm.benchmarks import inpainters
from seginpaint_mm.benchmarks.inpainters import inpainting_tables
from tests.helpers.tool_runs import REPOSITORY

BASES = REPOSITORY / 'configs/_base_/models'
CPU = torch.device('cpu')


def test_tables_hold_every_case() -> None:
    """Peaks are measured in processes of their own, which the slow test below starts."""
    small = {'SGE-Net': 'sgenet_small', 'GatedConv': 'gatedconv_small', 'AOT-GAN': 'aotgan_small'}
    limits = dict(
        SIZES=(96, 128),
        NETWORKS=small,
        TRAINING={'cpu': ('sgenet_small', 64)},
        in_fresh_process=lambda function, *arguments: 1.0,
    )
    with mock.patch.multiple(inpainters, **limits):
        inference, training = inpainting_tables(BASES, 1, 1, CPU)
    assert [(row['picture'], row['network']) for row in inference.rows] == [
        (size, name) for size in ('96x96', '128x128') for name in small
    ]
    for first in (0, 3):
        ours = inference.rows[first]['ms']
        for row in inference.rows[first : first + 3]:
            assert row["times SGE-Net's"] == pytest.approx(row['ms'] / ours)
    whole, *parts = training.rows
    assert [row[''] for row in parts] == [
        "discriminator's side",
        'SCEM and bias nets',
        'these and SGIM',
    ]
    for row in parts:
        assert row['share of the step, %'] == pytest.approx(100 * row['ms'] / whole['ms'])
    assert '| whole step |' in training.to_markdown()


def test_what_is_compared_is_the_same_task() -> None:
    """Each fills the hole that it is given, and leaves the rest."""
    for name in ('sgenet_small', 'gatedconv_small', 'aotgan_small'):
        model = inpainters._build(BASES / f'{name}.py').eval()
        batch = inpainters._batch(1, 96, model, CPU)
        with torch.no_grad():
            made = model(**batch, mode='tensor')
        (sample,) = batch['data_samples']
        pictures = made['pictures' if name == 'sgenet_small' else 'truth']
        changed = (made['completed'] != pictures).any(dim=1)
        assert torch.equal(changed, sample.hole.data.bool())


@pytest.mark.slow
def test_memory_is_measured_apart() -> None:
    """A full-size feature map of 16 channels alone is 16 x 256 x 256 x 4 bytes, 4 MiB."""
    config = BASES / 'sgenet_small.py'
    peak = inpainters.in_fresh_process(inpainters._peak, config, 256, CPU)
    if peak is None:
        pytest.skip('this system does not tell the peak of a process')
    assert 4 < peak < 1000
