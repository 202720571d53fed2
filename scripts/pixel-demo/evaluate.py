"""Compares the integer model with the float model and with what was asked; writes checkpoint.json, the
contact sheet and the table of docs/pixel-demo.md."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import platform
import sys
from pathlib import Path

import numpy as np

import generation
import integers
import prompts
import sprites
from exact_reference.commitment import blake
from exact_reference.model import Model
from model import Configuration, on_grid
from recognise import FRESH, Recogniser, render, score
from sheet import write_sheet
from train import read_checkpoint

LEAST_PSNR = 35.0
BEGIN, END = "<!-- written by scripts/train-pixel-demo -->", "<!-- end -->"


def peak_signal_to_noise(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """PSNR in dB of pairs of pictures [count, …], u8; equal ones count as 99."""
    error = ((first.astype(np.float64) - second) ** 2).reshape(len(first), -1).mean(axis=1)
    return 10 * np.log10(255**2 / np.maximum(error, 255**2 / 10**9.9))


def jobs() -> tuple[list[tuple[str, str]], list[str], list[int]]:
    """Kind and colour, prompt and seed of every picture: each kind in each colour, seeds 0, 1, 2, …"""
    asked = [(kind, colour) for kind in sprites.KINDS for colour in sprites.COLOURS]
    texts = [f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {kind}" for kind, colour in asked]
    return asked, texts, list(range(len(asked)))


def measure(config: Configuration, weights, path: Path) -> tuple[dict, np.ndarray]:
    """PSNR of integers against floats, and what the pictures of both and fresh sprites show; the pictures of
    the integer model."""
    asked, texts, seeds = jobs()
    start = integers.starting_noise(Model(path.read_bytes()), seeds)
    real = generation.draw(config, on_grid(weights), texts, start)
    unrounded = generation.draw(config, weights, texts, start)
    whole = integers.draw(path, [prompts.encode(text) for text in texts], seeds)
    fresh, names = render(1, FRESH)
    recogniser = Recogniser()

    def shown(pictures: np.ndarray, wanted: list[tuple[str, str]]) -> dict:
        found, distances = recogniser.identify(pictures)
        return score(found, wanted, distances)

    result = {
        "psnr": decibels(real, whole),
        "psnr_against_unrounded_weights": decibels(unrounded, whole),
        "shown": {"integer": shown(whole, asked), "float32": shown(real, asked), "sprites": shown(fresh, names)},
    }
    return result, whole


def decibels(first: np.ndarray, second: np.ndarray) -> dict:
    """Least and median PSNR of pairs of pictures."""
    each = peak_signal_to_noise(first, second)
    return {"pictures": len(each), "least": round(float(each.min()), 2), "median": round(float(np.median(each)), 2)}


def table(result: dict) -> str:
    """The figures as Markdown."""
    names = {"integer": "integer model", "float32": "float model", "sprites": "fresh sprites, for comparison"}
    lines = ["| pictures of | kind right | colour right | both | median distance to the nearest template |",
             "|---|---|---|---|---|"]
    for key, name in names.items():
        shown = result["shown"][key]
        counts = (f"{shown[what]} of {shown['pictures']}" for what in ("kind", "colour", "both"))
        lines.append(f"| {name} | {' | '.join(counts)} | {shown['median_distance']} |")
    psnr, unrounded = result["psnr"], result["psnr_against_unrounded_weights"]
    return "\n".join([
        *lines,
        "",
        f"Integers against floats from equal noise, {psnr['pictures']} pictures: PSNR at least {psnr['least']} dB, "
        f"median {psnr['median']} dB. Against the float model before its weights were rounded to int8: at least "
        f"{unrounded['least']} dB, median {unrounded['median']} dB.",
    ])


def write_between_marks(path: Path, text: str) -> None:
    """Replaces what stands between the marks of a page."""
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the marks {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def describe(options: argparse.Namespace, config: Configuration, weights, result: dict, pictures: np.ndarray) -> dict:
    """The content of checkpoint.json."""
    run = json.loads((options.run / "run.json").read_text())

    def sha256(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    return {
        "recipe": {
            "command": "scripts/train-pixel-demo",
            **run,
            "parameters": sum(int(value.size) for value in weights.values()),
            "of_these_in_the_integer_model": sum(
                int(value.size) for name, value in weights.items() if not name.startswith("time.")),
            "flow_steps": config.steps,
            "python": platform.python_version(),
            "packages": {name: importlib.metadata.version(name) for name in ("jax", "jaxlib", "numpy", "scipy")},
        },
        **result,
        "pictures_blake2b": blake(pictures.tobytes()).hex(),
        "checkpoint_sha256": sha256(options.run / "checkpoint.npz"),
        "model_root": f"0x{Model((options.models / 'model.aipg').read_bytes()).root.hex()}",
        "files_sha256": {name: sha256(options.models / name)
                         for name in ("model.aipg", "header.bin", "tokenizer.json")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--models", type=Path, required=True, help="folder with model.aipg")
    parser.add_argument("--sheet", type=Path, required=True, help="contact sheet to write")
    parser.add_argument("--page", type=Path, help="page whose table is written")
    options = parser.parse_args()
    config = Configuration(**json.loads((options.run / "config.json").read_text()))
    weights = read_checkpoint(options.run / "checkpoint.npz")
    model = options.models / "model.aipg"
    result, pictures = measure(config, weights, model)
    print(table(result), flush=True)
    write_sheet(options.sheet, pictures, len(sprites.COLOURS))
    content = describe(options, config, weights, result, pictures)
    path = options.models / "checkpoint.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if options.page:
        write_between_marks(options.page, table(result))
    if result["psnr"]["least"] < LEAST_PSNR:
        sys.exit(f"a picture differs from the float model's by more than {LEAST_PSNR} dB allow")


if __name__ == "__main__":
    main()
