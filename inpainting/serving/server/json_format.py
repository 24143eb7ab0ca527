"""TensorFlow Serving's JSON of a `:predict`, both ways.

Rows: `{"instances": [{"image": ..., "mask": ...}, ...]}` is answered by `{"predictions": [...]}`.
Columns: `{"inputs": {"image": ..., "mask": ...}}` is answered by `{"outputs": ...}`. Both take
`signature_name`; bytes are `{"b64": "..."}`; of a signature with one output the answer has no name.
Specification: <https://www.tensorflow.org/tfx/serving/api_rest>.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import numpy as np
import tensorflow as tf

from inpainting.serving.server.inputs import check_names
from inpainting.serving.server.refusal import Refusal

DEFAULT_SIGNATURE = "serving_default"


def parse(body: bytes) -> dict[str, Any]:
    """A request's JSON object.

    Raises:
        Refusal: 400, it isn't one; NaN and Infinity, which JSON doesn't know, included.
    """
    try:
        request = json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        raise Refusal(400, "JSON Parse error: nested too deeply") from error
    except ValueError as error:  # of the syntax, and of bytes that are no UTF-8
        raise Refusal(400, f"JSON Parse error: {str(error)[:200]}") from error
    if not isinstance(request, dict):
        raise Refusal(400, "JSON Parse error: the request must be an object")
    if ("instances" in request) == ("inputs" in request):
        raise Refusal(400, "the request must have either the key 'instances' or 'inputs'")
    return request


def signature_name(request: dict[str, Any]) -> str:
    """The name of the signature asked for."""
    name = request.get("signature_name", DEFAULT_SIGNATURE)
    if not isinstance(name, str):
        raise Refusal(400, "'signature_name' key must be a string value")
    return name or DEFAULT_SIGNATURE


def to_arrays(request: dict[str, Any], specs: dict[str, tf.TensorSpec]) -> dict[str, np.ndarray]:
    """The inputs as arrays of the signature's dtypes; shapes are not looked at yet.

    Raises:
        Refusal: 400, names that don't fit, lists that are ragged, values of another type.
    """
    columns = request["inputs"] if "inputs" in request else _columns(request["instances"], specs)
    if not isinstance(columns, dict):
        raise Refusal(400, "'inputs' must be an object: this signature takes several inputs")
    check_names(specs, set(columns))
    return {name: _array(name, columns[name], spec.dtype) for name, spec in specs.items()}


def to_json(outputs: dict[str, np.ndarray], rows: bool) -> bytes:
    """The answer to a request in rows or columns."""
    lists = {name: _lists(name, array) for name, array in outputs.items()}
    if len(lists) == 1:
        (answer,) = lists.values()
    elif rows:
        answer = [dict(zip(lists, values)) for values in zip(*lists.values())]
    else:
        return json.dumps({"outputs": lists}).encode()
    return json.dumps({"predictions" if rows else "outputs": answer}).encode()


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _columns(instances: Any, specs: dict[str, tf.TensorSpec]) -> dict[str, list]:
    if not isinstance(instances, list) or not instances:
        raise Refusal(400, "'instances' must be a list that is not empty")
    for instance in instances:
        if not isinstance(instance, dict):
            raise Refusal(400, "each of 'instances' must be an object with named inputs")
        check_names(specs, set(instance))
    return {name: [instance[name] for instance in instances] for name in specs}


def _array(name: str, values: Any, dtype: tf.DType) -> np.ndarray:
    if dtype == tf.string:
        if not isinstance(values, list):
            raise Refusal(400, f"input {name} must be a list of {{'b64': ...}}")
        return np.array([_bytes(name, value) for value in values], object)
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise Refusal(400, f"input {name} is ragged: its lists differ in length") from error
    wanted = "iuf" if dtype.is_floating else "iu"
    if array.dtype.kind not in wanted and array.size:
        raise Refusal(400, f"input {name} has values that are not of expected type: {dtype.name}")
    if not dtype.is_floating and array.size and (array.min() < 0 or array.max() > dtype.max):
        raise Refusal(400, f"input {name} must be 0 to {dtype.max}, the values are outside")
    with np.errstate(over="ignore"):  # infinity is refused afterwards
        return array.astype(dtype.as_numpy_dtype)


def _bytes(name: str, value: Any) -> bytes:
    text = value.get("b64") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(text, str):
        raise Refusal(400, f"input {name}: expected {{'b64': ...}}, base64 in a string")
    text = "".join(text.split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(400, f"input {name}: Unable to base64 decode") from error


def _lists(name: str, array: np.ndarray) -> Any:
    if array.dtype != object:
        return array.tolist()
    # As TensorFlow Serving: only names that end so are bytes. Ours all do.
    return [{"b64": base64.b64encode(value).decode()} for value in array]
