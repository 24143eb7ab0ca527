"""gRPC by TensorFlow Serving's own stubs, against the SavedModel itself."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)


@pytest.fixture(scope="module")
def channel(live):
    with grpc.insecure_channel(live.grpc) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request_of(signature="", name="tiny", version=None, **arrays):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for key, array in arrays.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(array))
    return request


def code_of(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **{"timeout": 30, **options})
    return caught.value.code().name, caught.value.details()


def test_predict(stub, reference, photo):
    image, mask = (array[np.newaxis] for array in photo(11, 13))
    mask = mask[..., np.newaxis]
    expected = reference["serving_default"](image=image, mask=mask)["completed"]
    for version in (None, 1):
        answer = stub.Predict(request_of(version=version, image=image, mask=mask), timeout=30)
        np.testing.assert_array_equal(tf.make_ndarray(answer.outputs["completed"]), expected)
        assert answer.model_spec.version.value == 1
        assert answer.model_spec.signature_name == "serving_default"

    floats = {"image": image / np.float32(255), "mask": (mask > 0).astype(np.float32)}
    request = request_of("generate", **floats)
    request.output_filter.append("coarse")
    answer = stub.Predict(request, timeout=30)
    assert list(answer.outputs) == ["coarse"]
    expected = reference["generate"](**floats)["coarse"]
    np.testing.assert_allclose(tf.make_ndarray(answer.outputs["coarse"]), expected, atol=1e-6)


def test_predict_bytes(stub, photo, png):
    pairs = [photo(6, 9), photo(4, 4)]
    files = [np.array([png(pair[i]) for pair in pairs], object) for i in (0, 1)]
    request = request_of("serve_bytes", image_bytes=files[0], mask_bytes=files[1])
    answer = stub.Predict(request, timeout=30)
    for (image, mask), data in zip(pairs, answer.outputs["completed_bytes"].string_val):
        completed = tf.io.decode_png(data).numpy()
        np.testing.assert_array_equal(completed[mask == 0], image[mask == 0])
        assert (completed[mask > 0] != image[mask > 0]).any()


def test_metadata_and_status(stub, channel):
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "tiny"
    request.metadata_field.append("signature_def")
    answer = stub.GetModelMetadata(request, timeout=30)
    assert answer.model_spec.version.value == 1
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def) >= {"serving_default", "serve_bytes", "generate"}
    request.metadata_field.append("other")
    assert code_of(stub.GetModelMetadata, request)[0] == "INVALID_ARGUMENT"

    models = model_service_pb2_grpc.ModelServiceStub(channel)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "tiny"
    (status,) = models.GetModelStatus(request, timeout=30).model_version_status
    assert (status.version, status.state, status.status.error_code) == (1, 30, 0)
    request.model_spec.version.value = 2
    assert code_of(models.GetModelStatus, request)[0] == "NOT_FOUND"


IMAGE = np.full((1, 2, 2, 3), 9, np.uint8)
MASK = np.ones((1, 2, 2, 1), np.uint8)


@pytest.mark.parametrize(
    ("signature", "arrays", "words"),
    [
        ("", {"image": IMAGE}, "'mask' is missing"),
        ("", {"image": IMAGE, "mask": MASK, "more": MASK}, "'more' is unknown"),
        ("", {}, "is missing"),
        ("nothing", {"image": IMAGE, "mask": MASK}, "not found in signature def"),
        ("", {"image": IMAGE.astype(np.float32), "mask": MASK}, "uint8, received DT_FLOAT"),
        ("", {"image": IMAGE, "mask": MASK.astype(np.int64)}, "uint8, received DT_INT64"),
        ("", {"image": IMAGE[0], "mask": MASK}, "must have shape"),
        ("", {"image": IMAGE[..., :2], "mask": MASK}, "must have shape"),
        ("", {"image": IMAGE, "mask": MASK[:, :1]}, "one (B, H, W)"),
        ("", {"image": IMAGE[:0], "mask": MASK[:0]}, "is empty"),
        (
            "generate",
            {"image": IMAGE * np.float32(np.inf), "mask": MASK.astype(np.float32)},
            "in [0, 1]",
        ),
        (
            "generate",
            {"image": np.full_like(IMAGE, np.nan, np.float32), "mask": MASK.astype(np.float32)},
            "in [0, 1], received nan",
        ),
        ("serve_bytes", {"image_bytes": [b"x"], "mask_bytes": [b"y"]}, "not an image"),
        ("serve_bytes", {"image_bytes": [b"x"], "mask_bytes": [b"y", b"z"]}, "1 image_bytes and 2"),
        ("serve_bytes", {"image_bytes": b"x", "mask_bytes": b"y"}, "image_bytes"),
    ],
)
def test_wrong_requests(stub, signature, arrays, words):
    code, details = code_of(stub.Predict, request_of(signature, **arrays))
    assert code == "INVALID_ARGUMENT"
    assert words in details


def test_a_small_message_cannot_claim_much(stub):
    request = request_of(image=IMAGE, mask=MASK)
    for sides, words in (
        ((60_000, 60_000, 60_000, 3), "claims"),
        ((-1, 2, 2, 3), "no complete shape"),
        ((1, 5, 5, 3), "do not fill"),
    ):
        tensor = request.inputs["image"]
        for dim, side in zip(tensor.tensor_shape.dim, sides):
            dim.size = side
        code, details = code_of(stub.Predict, request)
        assert (code, words in details) == ("INVALID_ARGUMENT", True)
    tensor.tensor_shape.unknown_rank = True
    assert code_of(stub.Predict, request)[0] == "INVALID_ARGUMENT"
    tensor.dtype = 77
    assert code_of(stub.Predict, request)[0] == "INVALID_ARGUMENT"
    request = request_of(image=IMAGE, mask=MASK)
    request.inputs["mask"].ClearField("tensor_content")
    request.inputs["mask"].int_val.append(256)
    assert "0 to 255" in code_of(stub.Predict, request)[1]
    request = request_of("serve_bytes", image_bytes=[b"x"], mask_bytes=[b"x"])
    request.inputs["image_bytes"].tensor_shape.dim[0].size = 10**9
    assert code_of(stub.Predict, request)[0] == "INVALID_ARGUMENT"


def test_other_models_versions_and_calls(stub):
    good = {"image": IMAGE, "mask": MASK}
    for request in (request_of(name="other", **good), request_of(version=3, **good)):
        code, details = code_of(stub.Predict, request)
        assert (code, details.startswith("Servable not found")) == ("NOT_FOUND", True)
    request = request_of(**good)
    request.model_spec.version_label = "stable"
    assert code_of(stub.Predict, request)[0] == "INVALID_ARGUMENT"
    request = request_of(**good)
    request.output_filter.append("other")
    assert code_of(stub.Predict, request)[0] == "INVALID_ARGUMENT"
    classify = classification_pb2.ClassificationRequest()
    assert code_of(stub.Classify, classify)[0] == "UNIMPLEMENTED"


def test_limits(tiny, start):
    server = start(tiny, megapixels=0.01, request_megabytes=0.5)
    with grpc.insecure_channel(server.grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        large = np.zeros((1, 120, 100, 3), np.uint8)
        code, details = code_of(stub.Predict, request_of(image=large, mask=large[..., :1]))
        assert (code, "megapixels" in details) == ("INVALID_ARGUMENT", True)
        large = np.zeros((1, 500, 400, 3), np.uint8)
        code, _ = code_of(stub.Predict, request_of(image=large, mask=large[..., :1]))
        assert code == "RESOURCE_EXHAUSTED"  # gRPC's own word for a long message


def test_a_deadline_is_kept_and_counted(tiny, start, held):
    server = start(tiny)
    with grpc.insecure_channel(server.grpc) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        code, _ = code_of(stub.Predict, request_of(image=IMAGE, mask=MASK), timeout=0.2)
        assert code == "DEADLINE_EXCEEDED"
        held.set()
        stub.Predict(request_of(image=IMAGE, mask=MASK), timeout=30)
    text = server.metrics.page().decode()
    assert 'inpainting_requests_total{code="OK",interface="grpc",method="Predict"} 1.0' in text
