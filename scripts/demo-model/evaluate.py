"""Compares the float checkpoint with the integer model on the held-out samples and writes
checkpoint.json (recipe, scores of both, hashes) and the list of the held-out questions."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import data
import generation
import held_out_list
from engine import Engine
from model import Configuration, read_safetensors
from train import bits_per_token

# What people ask first; trained, so these answers must be perfect.
SHOWN = (
    "What is AI Power Grid?",
    "Hello",
    "Who are you?",
    "How do I mine AIPG?",
    "What is exact inference?",
    "What is the block reward?",
    "What is 2 + 3?",
    "What is 12 + 7?",
    "How do I submit a job?",
    "Tell me a story.",
)
WRONG_ANSWERS_LISTED = 12


def exact_matches(samples: list[data.Sample], answers: list[str]) -> dict:
    """Greedy answers that equal the expected text to the byte, by kind of sample."""
    scores = {}
    for kind in ("question", "sum"):
        pairs = [(s, a) for s, a in zip(samples, answers) if s.kind == kind]
        right = sum(sample.answer == answer for sample, answer in pairs)
        scores[f"{kind}s"] = {"right": right, "of": len(pairs)}
    return scores


def first_questions() -> list[data.Sample]:
    """The first trained question to each answer."""
    return [data.Sample("question", block.heading, block.questions[0], block.answer)
            for block in data.read_blocks()]


def times_table() -> list[data.Sample]:
    """All products that are taught."""
    numbers = range(data.LARGEST_FACTOR + 1)
    return [data.Sample("sum", "Sums", f"What is {a} * {b}?", data.sum_answer("*", a, b))
            for a in numbers for b in numbers]


def bits(pair) -> dict:
    """Both measures, with as many digits as mean something."""
    return {"bits_per_byte": round(pair[0], 6), "bits_per_byte_with_prompts": round(pair[1], 6)}


def describe(name: str, score: dict) -> str:
    questions, sums = score["questions"], score["sums"]
    return (f"{name:8} {score['bits_per_byte']:.5f} bits per byte "
            f"({score['bits_per_byte_with_prompts']:.5f} with the prompts), "
            f"questions {questions['right']}/{questions['of']}, "
            f"sums {sums['right']}/{sums['of']}")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--models", type=Path, required=True, help="folder with model.aipg")
    parser.add_argument("--questions", type=Path, required=True, help="list of questions to write")
    parser.add_argument("--engine", type=Path, required=True, help="the aipg-model program")
    options = parser.parse_args()

    run = json.loads((options.run / "run.json").read_text())
    corpus = data.build(run["seed"])
    if corpus.digest != run["data"]:
        raise SystemExit("the data changed since the training: train again")
    samples = corpus.held_out
    prompts = [sample.prompt for sample in samples] + list(SHOWN)
    config = Configuration()
    checkpoint = options.run / "checkpoint.safetensors"
    parameters = read_safetensors(checkpoint)
    engine = Engine(options.engine, options.models / "model.aipg")

    print(f"float: {len(prompts)} greedy answers", flush=True)
    float_answers = generation.greedy(config, parameters, prompts)
    held_out = [sample.ids for sample in samples]
    float_bits = [bits_per_token(config, parameters, held_out, whole) for whole in (False, True)]
    float_score = {**bits(float_bits), **exact_matches(samples, float_answers)}
    print(describe("float", float_score), flush=True)

    print(f"integer: bits and {len(prompts)} greedy answers", flush=True)
    integer_bits = engine.bits_per_token(held_out)
    integer_answers, started = [], time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        for answer in pool.map(engine.answer, prompts):
            integer_answers.append(answer)
            if len(integer_answers) % 100 == 0:
                elapsed = time.monotonic() - started
                print(f"  {len(integer_answers)}/{len(prompts)} after {elapsed:.0f} s", flush=True)
    integer_score = {**bits(integer_bits), **exact_matches(samples, integer_answers)}
    taught = first_questions() + times_table()
    with ThreadPoolExecutor(2) as pool:
        taught_answers = list(pool.map(engine.answer, (sample.prompt for sample in taught)))
    learned = exact_matches(taught, taught_answers)
    same = sum(a == b for a, b in zip(float_answers, integer_answers))
    print(describe("integer", integer_score))
    more = [100 * (integer / real - 1) for integer, real in zip(integer_bits, float_bits)]
    print(f"bits of the integer model above the float model's: {more[0]:.3f} % on the answers, "
          f"{more[1]:.3f} % with the prompts")
    print(f"same answer from both: {same}/{len(prompts)}")

    print("taught: " + ", ".join(f"{name} {score['right']}/{score['of']}"
                                 for name, score in learned.items()))
    wrong = [(s, a) for s, a in zip(samples, integer_answers) if s.answer != a]
    for sample, answer in wrong[:WRONG_ANSWERS_LISTED]:
        print(f"  not as expected: {sample.prompt} -> {answer}")
    shown = dict(zip(SHOWN, integer_answers[len(samples) :]))
    for prompt, answer in shown.items():
        print(f"  {prompt} -> {answer}")

    content = {
        "recipe": {
            "command": "scripts/train-demo-model",
            "seed": run["seed"],
            "steps": run["steps"],
            "tokens_per_step": [mixture.tokens for mixture in data.STAGES],
            "training_samples": sum(map(len, corpus.stages)),
            "data_sha256": corpus.digest,
            "parameters": sum(int(value.size) for value in parameters.values()),
            "python": platform.python_version(),
            "packages": {n: importlib.metadata.version(n) for n in ("jax", "jaxlib", "numpy")},
        },
        "held_out": {"questions": float_score["questions"]["of"], "sums": float_score["sums"]["of"]},
        "scores": {"float32": float_score, "integer": integer_score,
                   "integer_above_float_percent": {"answers": round(more[0], 3),
                                                   "with_prompts": round(more[1], 3)},
                   "integer_on_taught": learned,
                   "same_greedy_answer": {"count": same, "of": len(prompts)}},
        "answers": shown,
        "checkpoint_sha256": sha256(checkpoint),
        "model_root": engine.root(),
        "files_sha256": {name: sha256(options.models / name)
                         for name in ("model.aipg", "header.bin", "tokenizer.json")},
    }
    path = options.models / "checkpoint.json"
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    held_out_list.write(options.questions, samples, integer_answers, engine.root())


if __name__ == "__main__":
    main()
