"""KServe's model server answers for the SavedModel by its V1 protocol, with plain TensorFlow.

python kserve_model.py VERSION PORT

The rows of a request are `serve_bytes`'s: `{"image_bytes": {"b64": ...}, "mask_bytes": ...}`.
"""

from __future__ import annotations

import base64
import sys
from typing import Any

import kserve
import tensorflow as tf

_INPUTS = ("image_bytes", "mask_bytes")


class SavedModel(kserve.Model):
    """One version of a model, as `export.py` writes it."""

    def __init__(self, folder: str):
        super().__init__("inpainting")
        self._module = tf.saved_model.load(folder)
        self.ready = True

    def predict(self, payload: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        rows = payload["instances"]
        columns = {
            name: tf.constant([base64.b64decode(row[name]["b64"]) for row in rows])
            for name in _INPUTS
        }
        completed = self._module.signatures["serve_bytes"](**columns)["completed_bytes"].numpy()
        return {"predictions": [{"b64": base64.b64encode(png).decode()} for png in completed]}


if __name__ == "__main__":
    version, port = sys.argv[1:]
    kserve.ModelServer(http_port=int(port), enable_grpc=False).start([SavedModel(version)])
