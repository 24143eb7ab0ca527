"""What a server says of its model: status and metadata, the same in REST and gRPC."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, status_pb2

from inpainting.serving.server.model_folder import ModelFolder
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.server.served_model import ServedModel

SIGNATURE_DEF = "signature_def"
_State = get_model_status_pb2.ModelVersionStatus.State
_UNKNOWN = 2  # the error code for what has no better one


def status(
    models: ModelFolder, name: str, version: int | None
) -> get_model_status_pb2.GetModelStatusResponse:
    """The state of one version, or of all; raises `Refusal` 404 if there is none such."""
    states = models.states() if name == models.name else {}
    if version is not None:
        states = {key: value for key, value in states.items() if key == version}
    if not states:
        raise Refusal(404, f"Could not find any versions of model {name[:80]}")
    response = get_model_status_pb2.GetModelStatusResponse()
    for number, error in sorted(states.items(), reverse=True):
        state = _State.Value("END" if error else "AVAILABLE")
        said = status_pb2.StatusProto(error_code=_UNKNOWN if error else 0, error_message=error)
        response.model_version_status.add(version=number, state=state, status=said)
    return response


def metadata(model: ServedModel) -> get_model_metadata_pb2.SignatureDefMap:
    """The signatures of a version."""
    return get_model_metadata_pb2.SignatureDefMap(signature_def=model.signature_defs)


def metadata_as_dict(name: str, model: ServedModel) -> dict[str, Any]:
    """The JSON of `/metadata`."""
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(model.version)},
        "metadata": {SIGNATURE_DEF: as_dict(metadata(model))},
    }


def as_dict(message: Message) -> dict[str, Any]:
    """A message as JSON has it, fields of default values included."""
    return MessageToDict(
        message, preserving_proto_field_name=True, including_default_value_fields=True
    )
