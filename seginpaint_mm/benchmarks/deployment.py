"""Time one network in each runtime: PyTorch, torch.compile, ONNX Runtime, and it in 8 bits."""

from collections.abc import Callable
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch

from seginpaint_mm.apis.model_loading import build_model, find_model, prepare_for_inference
from seginpaint_mm.benchmarks.measure import Table, median_seconds
from seginpaint_mm.deployment import RAW, ExportedNetwork, export_graph, load_exported
from seginpaint_mm.deployment.int8 import quantise
from seginpaint_mm.street import render_street
from seginpaint_mm.utils.graphs import NETWORK, graphs_of

_CALIBRATION = 24  # streets


def deployment_table(config: str, size: tuple[int, int], repeats: int, compiled: bool) -> Table:
    """Time one rendered street through a network in each runtime.

    Args:
        config: A network whose weights are known, e.g. one in the package, that takes images alone.
        size: Height and width of the street.
        repeats: Rounds.
        compiled: Time ``torch.compile``, too, where there is a compiler; compiling takes minutes.
    """
    cfg, checkpoint = find_model(config, None)
    model = build_model(cfg, checkpoint).eval()
    image = _street(0, size)
    with TemporaryDirectory() as folder:
        runs = _runs(model, Path(folder), size, compiled)
        results = {name: run(image) for name, run in runs.items()}
        seconds = median_seconds(
            {name: lambda run=run: run(image) for name, run in runs.items()},
            repeats,
            torch.device('cpu'),
        )
    table = Table(
        f'Runtimes: {Path(config).stem}, one image of {size[0]}x{size[1]}',
        ('', 'ms', 'times faster', 'pixels whose class changes, %'),
        f"PyTorch is the Inferencer's path. 8 bits: calibrated on {_CALIBRATION} other streets. "
        f'Threads: {torch.get_num_threads()}.',
    )
    first = next(iter(runs))
    for name, value in seconds.items():
        changed = float((results[name] != results[first]).mean())
        values = (name, value * 1e3, seconds[first] / value, 100 * changed)
        table.rows.append(dict(zip(table.columns, values, strict=True)))
    return table


def _runs(
    model: torch.nn.Module, folder: Path, size: tuple[int, int], compiled: bool
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Name -> function from an image, uint8 1,3,H,W RGB, to its classes."""
    eager = _network(model)
    runs = {'PyTorch': _of_torch(eager)}
    if compiled and which('g++'):
        runs['torch.compile'] = _of_torch(torch.compile(_network(model)))
    exact, quantised = folder / 'network.onnx', folder / 'network_int8.onnx'
    note = dict(
        inputs=dict(image=[]), normalises=True, size=None, divisor=eager.graph.divisor, least=32
    )
    export_graph(_network(model), exact, 'onnx', note)
    streets = []
    for number in range(1, 1 + _CALIBRATION):
        streets.append(folder / f'{number}.png')
        cv2.imwrite(str(streets[-1]), _street(number, size)[0, ::-1].transpose(1, 2, 0))
    quantise(exact, streets, quantised)
    threads = torch.get_num_threads()
    for name, path in (('ONNX Runtime', exact), ('ONNX Runtime, 8 bits', quantised)):
        run = load_exported(path, threads=threads)
        runs[name] = lambda image, run=run: next(iter(run(dict(image=image)).values()))
    return runs


def _network(model: torch.nn.Module) -> ExportedNetwork:
    fast = prepare_for_inference(model)
    return ExportedNetwork(fast, graphs_of(fast)[NETWORK], RAW[0]).eval()


def _of_torch(network: Callable) -> Callable[[np.ndarray], np.ndarray]:
    def run(image: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(image))[0].numpy()

    return run


def _street(number: int, size: tuple[int, int]) -> np.ndarray:
    """A rendered street, uint8 1,3,H,W, RGB."""
    pixels = render_street(number, seed=31, size=size).image[..., ::-1]
    return np.ascontiguousarray(pixels[None].transpose(0, 3, 1, 2))
