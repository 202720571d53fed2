"""Makes a picture with the reference and prints what it is as JSON.

    python scripts/reference/picture.py MODEL --prompt-tokens 3,17 --seed 7 --output picture.png
"""

import argparse
import json
import sys
from pathlib import Path

from exact_reference import png
from exact_reference.commitment import blake
from exact_reference.model import Model, ModelError
from exact_reference.pictures import paint


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, help="file of a picture model")
    parser.add_argument("--prompt-tokens", required=True, help="token ids, separated by commas")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same picture")
    parser.add_argument("--output", type=Path, help="PNG file to write")
    arguments = parser.parse_args()
    try:
        model = Model(arguments.model.read_bytes())
        painting = paint(model, [int(id) for id in arguments.prompt_tokens.split(",")], arguments.seed)
    except (ModelError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if arguments.output:
        arguments.output.write_bytes(png.encode(painting.pixels))
    report = {
        "root": f"0x{model.root.hex()}",
        "pixels": f"0x{blake(painting.pixels.tobytes()).hex()}",
        "digest": f"0x{painting.digest.hex()}",
        "positions": painting.positions,
    }
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
