"""The integer model, driven through the engine's command line."""

from __future__ import annotations

import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data import LENGTH_GROUPS
from tokens import PROMPT_END, write_ids


class EngineError(Exception):
    """The engine refused; the message is its own."""


class Engine:
    """One model file and the program that runs it."""

    def __init__(self, program: Path, model: Path):
        self.program = program
        self.model = model

    def call(self, command: str, *arguments: object) -> dict:
        """The JSON answer of one command on the model.

        Raises EngineError with what the engine wrote when it fails.
        """
        line = [str(self.program), command, str(self.model), *map(str, arguments)]
        result = subprocess.run(line, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise EngineError(f"{command} failed: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def root(self) -> str:
        """The model root, 0x-hexadecimal."""
        return self.call("inspect")["root"]

    def answer(self, prompt: str) -> str:
        """The greedy answer to a prompt."""
        return self.call("generate", "--max-output", LENGTH_GROUPS[-1], "--", prompt)["text"]

    def bits(self, ids: list[int]) -> float:
        """Bits the model needs for all of `ids` after the first, in one teacher-forced window."""
        if len(ids) < 2:
            return 0.0
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            write_ids(Path(file.name), ids)
            score = self.call("score", file.name, "--window", len(ids))
        return score["bits_per_token"] * score["tokens"]

    def bits_per_byte(self, samples: list[list[int]]) -> float:
        """Bits per token of the answers (bytes and the end token), given the prompts.

        The model looks back only and is exact, so the bits of an answer are those of the whole
        sample less those of its prompt.
        """
        def answer_bits(ids: list[int]) -> tuple[float, int]:
            prompt = ids[: ids.index(PROMPT_END) + 1]
            return self.bits(ids) - self.bits(prompt), len(ids) - len(prompt)

        with ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(answer_bits, samples))
        return sum(bits for bits, _ in parts) / sum(count for _, count in parts)
