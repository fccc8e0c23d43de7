"""The validation vectors, by id, with their arrays in place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def load_vector(shared: Path, identity: str) -> dict[str, Any]:
    reference = shared / "reference"
    vectors = json.loads((reference / "validation_vectors.json").read_text())["vectors"]
    vector = next(vector for vector in vectors if vector["id"] == identity)
    with np.load(reference / "validation_vectors_data.npz") as arrays:
        inputs = {
            name: arrays[value["npz"]] if isinstance(value, dict) and "npz" in value else value
            for name, value in vector["inputs"].items()
        }
    return vector | {"inputs": inputs}
