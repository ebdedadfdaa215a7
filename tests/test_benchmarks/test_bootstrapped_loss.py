"""The benchmark of the loss measures what it says, on a small map."""

from unittest import mock

import pytest
import torch

from seginpaint_mm.benchmarks import bootstrapped_loss
from seginpaint_mm.benchmarks.bootstrapped_loss import bootstrap_table


def test_every_loss_is_compared_with_the_plain_one() -> None:
    with (
        mock.patch.object(bootstrapped_loss, 'SHAPE', (2, 5, 48, 40)),
        mock.patch.object(bootstrapped_loss, 'NUM_PIXELS', 20),
    ):
        table = bootstrap_table(1, torch.device('cpu'))
    assert [row[''] for row in table.rows] == list(bootstrapped_loss._losses())
    plain = table.rows[0]
    for row in table.rows:
        assert row['times plain'] == pytest.approx(row['ms'] / plain['ms'])
        assert (row['wanted'] is not None) == row[''].startswith('ours')
    assert '| ours |' in table.to_markdown()


def test_mmsegs_sampler_keeps_as_many_pixels() -> None:
    """Both choose the same pixels of one image; mmseg then divides by the number of all."""
    scores, labels = torch.randn(1, 5, 30, 40), torch.randint(0, 5, (1, 30, 40))
    with mock.patch.object(bootstrapped_loss, 'NUM_PIXELS', 20):
        losses = bootstrapped_loss._losses()
    ohem, ours = losses["mmseg's OHEM sampler"], losses['ours']
    torch.testing.assert_close(ohem(scores, labels) * labels.numel(), 20 * ours(scores, labels))
