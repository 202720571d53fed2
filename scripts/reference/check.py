"""Compares an engine with the reference, bit for bit, on random models and on the demo model.

The engine is a program with the commands `inspect MODEL`, `generate MODEL TEXT [flags]` and
`picture MODEL [flags]` of `aipg-model`.
Exit code 0 if nothing differs; else 1, with the first difference.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from exact_reference.arithmetic import rsh
from exact_reference.commitment import blake
from exact_reference.model import Model
from exact_reference.pictures import assemble, disassemble, normal, paint, step, to_bytes
from exact_reference.random_models import random_model, random_picture_model
from exact_reference.sampling import Seeded, gumbel, philox
from exact_reference.shape import Picture
from exact_reference import tables

# As docs/spec/exact-inference.md prints them.
TABLES = {
    "EXP2": "835ffef71aa54dd098a90172d6e7801947a39b8a0b8a4f50a3923e1b71a84a55",
    "SILU": "d7ab68681ee11b1d03a8e697781a8c7b2ae7539120c91c8fadaf9920a1c17dcd",
    "GELU": "99f1b5ca2e2b60ead70841e299833114225f9692f85e5fd5c13f8bca5ccfe6bd",
    "LN": "3876eabe6496f6c3aee6ce7603ec15da837c07dfb0bf7f816e16cf117c75f71c",
    "EXCESS": "03b3501c02d06e1362d04fd6e71f6d9e845074888351806e71edef3a8a7b9529",
    "NORMAL": "0fca7e3d6f69eadf7fb8e8f88f4a14ced3b1d26a0866eb27db6c7c6ff7291b8d",
}
# Of the noise for 65,536 evenly spread words, 32 bits each; a test of worker/exact has it, too.
NOISE = "ac703ee6f29a611236939282f6dc92b8b5f512c5a0df8d9f6381a2fd62638008"
# The same of the noise that a picture begins with.
NORMAL_NOISE = "8cb7cd43bd90c845d8838915bafdf516ae808aae88dba5659c67b767bd4cd648"
START, ANSWER_FOLLOWS, END = 256, 257, 258
# What `AIPG_KERNEL` may be; a processor does not have all of them.
KERNELS = ["portable", "avx2", "avx-vnni", "avx512-vnni"]
PROMPTS = ["What is a miner?", "Hello", "Name a colour."]


class Difference(Exception):
    """The engine and the reference do not agree."""


def same(what: str, engine: object, reference: object) -> None:
    if engine != reference:
        raise Difference(f"{what}: the engine has {engine}, the reference {reference}")


def check_arithmetic() -> None:
    """Tables, rounding and generator against what does not depend on an engine."""
    for name, expected in TABLES.items():
        same(f"table {name}", blake(getattr(tables, name).astype("<i4").tobytes()).hex(), expected)
    zero = [int(word) for word in philox([np.uint64(0)] * 4, (0, 0))]
    same("Philox of zeros", [hex(word) for word in zero], ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"])
    noise = gumbel(np.arange(65_536, dtype=np.uint64) * np.uint64(65_537))
    same("noise", blake(noise.astype("<i4").tobytes()).hex(), NOISE)
    noise = normal(np.arange(65_536, dtype=np.uint64) * np.uint64(65_537))
    same("noise of pictures", blake(noise.astype("<i4").tobytes()).hex(), NORMAL_NOISE)
    random, limit = np.random.default_rng(1), 2**63 - 1
    for x in [*map(int, random.integers(-limit, limit, 200)), limit, -limit, -limit - 1, 0, 1, -1]:
        for shift in (-70, -63, -62, -1, 0, 1, 2, 31, 61, 62, 63, 90):
            if shift > 0:
                exact = (x + (1 << (min(shift, 62) - 1))) >> min(shift, 62)
            else:
                exact = max(-limit, min(limit, x << -shift))
            same(f"rsh({x}, {shift})", int(rsh(x, shift)), exact)


def check_patches() -> None:
    """Order of values, bytes at the ends of their range, and steps where they saturate."""
    picture = Picture(height=4, width=6, side=2, flags=0)
    pixels = np.arange(4 * 6 * 3).reshape(4, 6, 3)
    values = disassemble(pixels, picture)
    # The second patch begins two pixels to the right, and ends in the second row of pixels.
    same("first and last value of a patch", values[1, [0, -1]].tolist(), [6, 18 + 11])
    same("order of values", assemble(values, picture).tolist(), pixels.tolist())
    ends = np.array([-(2**31) + 1, -65_537, -65_536, -65_279, -65_278, 0, 65_535, 65_536, 2**31 - 1])
    same("bytes", to_bytes(ends).tolist(), [0, 0, 0, 0, 1, 128, 255, 255, 255])
    large = np.array([2**31 - 1, -(2**31) + 1, 3, 1])
    same("step", step(large, large, -(2**31), -(2**31)).tolist(), [-(2**31) + 1, 2**31 - 1, -196_608, -65_536])
    same("halves of a step", step(np.array([1, -1]), np.array([0, 0]), 2**15, 0).tolist(), [1, 0])


def run(engine: Path, *arguments: str, **environment: str) -> dict:
    # The reason stands last only without a backtrace.
    variables = {**os.environ, "RUST_BACKTRACE": "0", **environment}
    done = subprocess.run([engine, *arguments], capture_output=True, text=True, check=False, env=variables)
    if done.returncode != 0:
        raise Difference(f"{' '.join(arguments[:1])} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def settings(random: np.random.Generator) -> tuple[list[str], Seeded | None]:
    """Flags of the engine and the integers that they stand for."""
    if random.random() < 0.3:
        return [], None
    temperature = float(random.choice([0.0625, 0.7, 1.0, 2.0, 40.0]))
    top_k = int(random.choice([0, 1, 5, 60]))
    top_p = float(random.choice([1.0, 0.95, 0.5, 0.001]))
    min_p = float(random.choice([0.0, 0.05, 0.5, 1.0]))
    seed = int(random.integers(0, 2**63))
    values = {"temperature": temperature, "top-k": top_k, "top-p": top_p, "min-p": min_p, "seed": seed}
    flags = [text for name, value in values.items() for text in (f"--{name}", str(value))]
    integers = Seeded(
        seed,
        beta=math.floor(65_536 / temperature + 0.5),
        top_k=top_k,
        top_p=math.floor(top_p * 65_536 + 0.5),
        min_p=math.floor(-math.log(min_p) * 65_536 + 0.5) if min_p else None,
    )
    return flags, integers


def check_model(engine: Path, path: Path, text: str, most: int, random: np.random.Generator) -> int:
    """Root, generation and replay of one job. Returns the number of rows compared."""
    model = Model(path.read_bytes())
    same("model root", run(engine, "inspect", str(path))["root"], f"0x{model.root.hex()}")
    flags, how = settings(random)
    prompt = [START, *text.encode(), ANSWER_FOLLOWS]
    most = min(most, model.shape.context - len(prompt))
    found = run(engine, "generate", str(path), text, "--max-output", str(most), *flags)
    mine = model.generate(prompt, most, [END], how)
    what = f"{vars(model.shape)}, {how}"
    same(f"tokens of {what}", found["tokens"], mine.tokens)
    same(f"digest of {what}", found["digest"], f"0x{mine.digest.hex()}")
    same(f"positions of {what}", found["positions"], mine.positions)
    again = model.replay(prompt, mine.tokens, how)
    same(f"replay of {what}", (again.tokens, again.digest), (mine.tokens, mine.digest))
    return mine.positions


def available_kernels(engine: Path, model: Path) -> list[str]:
    """The kernels that the engine runs on this machine."""
    found = []
    for kernel in KERNELS:
        try:
            run(engine, "inspect", str(model), AIPG_KERNEL=kernel)
            found.append(kernel)
        except Difference as difference:
            if "KernelUnsupported" not in str(difference) and "UnknownKernel" not in str(difference):
                raise
    return found


def check_picture(engine: Path, path: Path, random: np.random.Generator, runs: list[dict]) -> int:
    """Root, picture and digest of one job in each of the environments. Returns the number of rows compared."""
    model = Model(path.read_bytes())
    same("root of a picture model", run(engine, "inspect", str(path))["root"], f"0x{model.root.hex()}")
    room = model.shape.context - model.picture.patches
    prompt = [int(token) for token in random.integers(0, model.shape.vocabulary, random.integers(1, room + 1))]
    seed = int(random.integers(0, 2**63))
    mine = paint(model, prompt, seed)
    pixels = f"0x{blake(mine.pixels.tobytes()).hex()}"
    tokens = ",".join(map(str, prompt))
    for environment in runs:
        arguments = ("--prompt-tokens", tokens, "--seed", str(seed), "--output", str(path.with_suffix(".png")))
        found = run(engine, "picture", str(path), *arguments, **environment)
        what = f"{vars(model.shape)}, {vars(model.picture)}, {environment}"
        same(f"pixels of {what}", found["pixels"], pixels)
        same(f"digest of {what}", found["digest"], f"0x{mine.digest.hex()}")
        same(f"positions of {what}", found["positions"], mine.positions)
    return mine.positions


def check_pictures(engine: Path, count: int, random: np.random.Generator) -> int:
    """So many random picture models, on every kernel, on one thread and on three. Returns the rows compared."""
    rows = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.aipg"
        for number in range(count):
            path.write_bytes(random_picture_model(random))
            if number == 0:
                kernels = available_kernels(engine, path)
                print(f"kernels: {', '.join(kernels)}")
            runs = [{"AIPG_KERNEL": kernel, "RAYON_NUM_THREADS": threads} for kernel in kernels for threads in "13"]
            try:
                rows += check_picture(engine, path, random, runs)
            except Difference as difference:
                raise Difference(f"random picture model {number}: {difference}") from None
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--engine", type=Path, required=True, help="program to check, for example aipg-model")
    parser.add_argument("--demo", type=Path, required=True, help="model file of the demo model")
    parser.add_argument("--models", type=int, default=40, help="number of random models of each template")
    parser.add_argument("--seed", type=int, default=1, help="what random models are drawn from")
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    rows = 0
    try:
        check_arithmetic()
        check_patches()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.aipg"
            for number in range(arguments.models):
                path.write_bytes(random_model(random))
                text = "".join(map(chr, random.integers(32, 127, random.integers(0, 40))))
                # A text is an argument of its own; one that begins with a dash would be a flag.
                text = text.replace("-", "x")
                try:
                    rows += check_model(arguments.engine, path, text, int(random.integers(1, 24)), random)
                except Difference as difference:
                    raise Difference(f"random model {number} of seed {arguments.seed}: {difference}") from None
        for prompt in PROMPTS:
            rows += check_model(arguments.engine, arguments.demo, prompt, 24, random)
        painted = check_pictures(arguments.engine, arguments.models, np.random.default_rng(arguments.seed))
    except Difference as difference:
        print(f"error: {difference}", file=sys.stderr)
        return 1
    print(f"{arguments.models} random models and the demo model: {rows} rows, every bit the same")
    print(f"{arguments.models} random picture models: {painted} rows, every bit the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
