"""Answers test vectors with the reference: one question a line on the standard input, or those of a file.

See docs/spec/vectors.md for questions and answers.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exact_reference import attention, commitment, operations, pictures, sampling
from exact_reference.arithmetic import Array, rsh, saturate
from exact_reference.model import Model
from exact_reference.tables import GELU, SILU
from vectors import Tally, read

CURVES = {"silu": SILU, "gelu": GELU}


def array(values: list[int]) -> Array:
    return np.array(values, np.int64)


def quantised(rows: operations.Quantised) -> dict:
    return {
        "values": rows.values[0].tolist(),
        "mantissa": int(rows.mantissa[0]),
        "exponent": int(rows.exponent[0]),
    }


@dataclass
class Scaled:
    """A row with one scale, as `operations.Quantised` for one row."""

    values: list[int]
    mantissa: int
    exponent: int

    def rows(self) -> operations.Quantised:
        return operations.Quantised(
            array(self.values)[None], array([self.mantissa]), array([self.exponent])
        )


def product(inputs: dict) -> dict:
    row = Scaled(inputs["input"], inputs["mantissa"], inputs["exponent"]).rows()
    multipliers = np.minimum(array(inputs["multipliers"]), 32_768)
    weights = array(inputs["weights"]).reshape(len(multipliers), -1)
    # The shift is that of the tensor with the difference of formats already added.
    matrix = operations.Matrix(weights, inputs["shift"], multipliers, None, operations.InputMode())
    return {"x": matrix.apply(row, 0, 0)[0].tolist()}


def quantise_wide(inputs: dict) -> dict:
    rows = operations.quantise(array(inputs["row"])[None], operations.InputMode(wide=True))
    high = rsh(rows.values[0], array(7))
    return {
        "high": high.tolist(),
        "low": (rows.values[0] - 128 * high).tolist(),
        "mantissa": int(rows.mantissa[0]),
        "exponent": int(rows.exponent[0]),
    }


def product_wide(inputs: dict) -> dict:
    values = 128 * array(inputs["high"]) + array(inputs["low"])
    row = Scaled(values.tolist(), inputs["mantissa"], inputs["exponent"]).rows()
    multipliers = np.minimum(array(inputs["multipliers"]), 32_768)
    weights = array(inputs["weights"]).reshape(len(multipliers), -1)
    mode = operations.InputMode(wide=True)
    matrix = operations.Matrix(weights, inputs["shift"], multipliers, None, mode)
    return {"x": matrix.apply(row, 0, 0)[0].tolist()}


def normalise(inputs: dict) -> dict:
    return norm(inputs, None)


def layer_norm(inputs: dict) -> dict:
    return norm(inputs, clipped(inputs["biases"]))


def norm(inputs: dict, biases: Array | None) -> dict:
    mode = operations.InputMode(rotated=inputs["rotated"])
    rows = operations.Norm(clipped(inputs["gain"]), biases).apply(array(inputs["x"])[None], inputs["epsilon"], mode)
    return quantised(rows)


def clipped(values: list[int]) -> Array:
    """Gains and biases of norms count as at most 2^22."""
    return np.clip(array(values), -(2**22), 2**22)


def head_norm(inputs: dict) -> dict:
    heads = operations.normalise_heads(array(inputs["head"])[None, None], clipped(inputs["gain"]), inputs["epsilon"])
    return {"x": heads.ravel().tolist()}


def activate(inputs: dict) -> dict:
    return {"row": operations.activation(array(inputs["x"]), CURVES[inputs["activation"]]).tolist()}


def gated(inputs: dict) -> dict:
    curve = CURVES[inputs.get("activation", "silu")]
    return {"row": operations.gated(array(inputs["gate"]), array(inputs["up"]), curve).tolist()}


def rotary(inputs: dict) -> dict:
    table = array(inputs["cosines"] + inputs["sines"])[None]
    return {"x": operations.rotary(array(inputs["head"])[None, None], table).ravel().tolist()}


def score(inputs: dict) -> dict:
    query, key = (array(inputs[name]) for name in ("query", "key"))
    value = attention.score(
        (query * key).sum(),
        array(inputs["query_mantissa"]) * inputs["key_mantissa"],
        array(inputs["query_exponent"] + inputs["key_exponent"]),
        inputs["score_scale"],
    )
    return {"value": int(value)}


def value_scale(inputs: dict) -> dict:
    value = attention.value_scale(
        array(inputs["mantissa"]), array(inputs["exponent"]), inputs["value_format"]
    )
    return {"value": int(value)}


def attend(inputs: dict) -> dict:
    scores = array(inputs["scores"])
    columns = inputs["columns"]
    if len(scores) == 0:
        return {"x": [0] * columns}
    values = array(inputs["values"]).reshape(-1, columns)
    return {
        "x": attention.weigh(scores, values, array(inputs["value_scales"]), inputs["value_format"]).tolist()
    }


def how(inputs: dict) -> sampling.Seeded | None:
    if inputs["beta"] == 0:
        return None
    return sampling.Seeded(**inputs)


def choose(inputs: dict) -> dict:
    return {"value": sampling.choose(array(inputs["logits"]), how(inputs["sampling"]), inputs["ordinal"])}


def token_root(inputs: dict) -> dict:
    tokens = np.array(inputs["tokens"], "<u4")
    leaves = [tokens[i : i + 64].tobytes() for i in range(0, len(tokens), 64)]
    return {"root": commitment.tree(b"aipg.tok", leaves, 256, [len(tokens)]).hex()}


def digest(inputs: dict) -> dict:
    width = inputs["width"]
    hidden = array(inputs["hidden"]).reshape(-1, width)
    # No row, no width: the shape of an empty digest is (0, 0).
    root = commitment.digest(hidden if len(hidden) else np.zeros((0, 0), np.int64))
    return {"root": root.hex()}


def generate(inputs: dict) -> dict:
    model = Model(bytes.fromhex(inputs["model"]))
    done = model.generate(inputs["prompt"], inputs["max_output"], inputs["stop"], how(inputs["sampling"]))
    return {
        "model_root": model.root.hex(),
        "tokens": done.tokens,
        "positions": done.positions,
        "digest": done.digest.hex(),
    }


def noise(inputs: dict) -> dict:
    first, count = inputs["first"], inputs["count"]
    return {"x": pictures.noise(inputs["seed"], first + count)[first:].tolist()}


def step(inputs: dict) -> dict:
    after = pictures.step(array(inputs["x"]), array(inputs["v"]), inputs["kappa"], inputs["delta"])
    return {"x": after.tolist()}


def paint(inputs: dict) -> dict:
    model = Model(bytes.fromhex(inputs["model"]))
    done = pictures.paint(model, inputs["prompt"], inputs["seed"])
    return {
        "model_root": model.root.hex(),
        "tokens": done.tokens,
        "positions": done.positions,
        "digest": done.digest.hex(),
    }


OPERATIONS = {
    "rsh": lambda inputs: {"y": rsh(array(inputs["x"]), array(inputs["shift"])).tolist()},
    "embed": lambda inputs: {"x": saturate(rsh(array(inputs["elements"]) * inputs["multiplier"], 16)).tolist()},
    "quantise": lambda inputs: quantised(operations.quantise(array(inputs["row"])[None])),
    "quantise_wide": quantise_wide,
    "rotate": lambda inputs: {"row": operations.rotate(limited(inputs["row"])).tolist()},
    "product": product,
    "product_wide": product_wide,
    "add_biases": lambda inputs: {"x": saturate(array(inputs["x"]) + array(inputs["biases"])).tolist()},
    "normalise": normalise,
    "layer_norm": layer_norm,
    "head_norm": head_norm,
    "rotary": rotary,
    "score": score,
    "value_scale": value_scale,
    "attend": attend,
    "activate": activate,
    "gated": gated,
    "residual": lambda inputs: {"x": saturate(array(inputs["x"]) + array(inputs["update"])).tolist()},
    "choose": choose,
    "token_root": token_root,
    "digest": digest,
    "generate": generate,
    "noise": noise,
    "step": step,
    "pixels": lambda inputs: {"bytes": pictures.to_bytes(array(inputs["x"])).tolist()},
    "paint": paint,
}


def limited(row: list[int]) -> Array:
    """Inputs of a rotation count as at most 2^56."""
    return np.clip(array(row), -(2**56), 2**56)


def answer(operation: str, inputs: dict) -> dict:
    known = OPERATIONS.get(operation)
    if known is None:
        return {"error": f"UnknownOperation: {operation}"}
    try:
        return {"outputs": known(inputs)}
    except (KeyError, TypeError, ValueError) as error:
        return {"error": f"BadInputs: {error!r}"}


def answer_line(line: str) -> dict:
    try:
        question = json.loads(line)
        return answer(question["operation"], question["inputs"])
    except (KeyError, TypeError, ValueError) as error:
        return {"error": f"BadInputs: {error!r}"}


def check_file(path: Path) -> int:
    tally = Tally()
    for vector in read(path):
        found = answer(vector["operation"], vector["inputs"])
        tally.add(vector, found.get("outputs", found))
    return tally.report()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vectors", type=Path, help="answer these, in either form, and say which are right")
    arguments = parser.parse_args()
    np.seterr(over="ignore")
    if arguments.vectors:
        return check_file(arguments.vectors)
    for line in sys.stdin:
        print(json.dumps(answer_line(line)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
