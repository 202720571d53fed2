"""Writes what the converter reads beside the checkpoint: tokenizer and calibration ids; and the
held-out samples on which float and integer model are compared."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import data
from tokens import ANSWER_END, write_ids, write_tokenizer

# Whole training samples of the last stage, one after the other: enough to see every activation's range.
CALIBRATION_SAMPLES = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training run")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json to write")
    options = parser.parse_args()
    seed = json.loads((options.run / "run.json").read_text())["seed"]
    corpus = data.build(seed)
    write_tokenizer(options.tokenizer)
    whole = [ids for ids in corpus.stages[-1] if ids[-1] == ANSWER_END]
    calibration = [token for ids in whole[:CALIBRATION_SAMPLES] for token in ids]
    write_ids(options.run / "calibration.bin", calibration)
    held_out = [token for sample in corpus.held_out for token in sample.ids]
    write_ids(options.run / "held-out.bin", held_out)
    with (options.run / "held-out.jsonl").open("w", encoding="utf-8") as file:
        for sample in corpus.held_out:
            row = {"kind": sample.kind, "prompt": sample.prompt, "answer": sample.answer}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(calibration):,} calibration tokens, {len(corpus.held_out)} held-out samples "
          f"({len(held_out):,} tokens)")


if __name__ == "__main__":
    main()
