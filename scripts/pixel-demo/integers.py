"""Pictures from the integer model, by the reference implementation of scripts/reference."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from exact_reference.model import Model
from exact_reference.pictures import noise, paint

PROCESSES = os.cpu_count() or 1
ONE = 2**16

_model: Model | None = None


def starting_noise(model: Model, seeds: list[int]) -> np.ndarray:
    """What jobs with these seeds begin with, as floats [count, patches, values]."""
    shape = model.picture.patches, model.picture.values
    return np.stack([noise(seed, shape[0] * shape[1]).reshape(shape) for seed in seeds]) / ONE


def _load(path: Path) -> None:
    global _model
    _model = Model(path.read_bytes())


def _paint(job: tuple[list[int], int]) -> np.ndarray:
    return paint(_model, *job).pixels


def draw(path: Path, prompts: list[list[int]], seeds: list[int]) -> np.ndarray:
    """Pictures [count, height, width, 3], u8, of jobs on the model file: token ids and seeds."""
    pictures = []
    # The products are small: one thread a process.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, context, _load, (path,)) as pool:
        for picture in pool.map(_paint, zip(prompts, seeds), chunksize=4):
            pictures.append(picture)
            if len(pictures) % 25 == 0:
                print(f"  {len(pictures)}/{len(prompts)} pictures", flush=True)
    return np.stack(pictures)
