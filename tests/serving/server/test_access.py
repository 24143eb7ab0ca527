from __future__ import annotations

import grpc
import pytest
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

from inpainting.errors import InputError
from inpainting.serving.server.access import Access, read_keys
from inpainting.serving.server.refusal import Refusal

REQUEST = {"inputs": {"image": [[[[1, 2, 3]]]], "mask": [[[[1]]]]}}


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer second")],
        [("authorization", "bearer first")],
        [("X-API-Key", "first")],
        [("x-api-key", "wrong"), ("authorization", "Bearer first")],
    ],
)
def test_a_key_opens(headers):
    Access(["first", "second"]).check(headers)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "first")],
        [("authorization", "Basic first")],
        [("authorization", "Bearer ")],
        [("x-api-key", "firs")],
        [("x-api-key", "first ")],
        [("x-api-key", "fïrst")],
        [("x-api-key", "")],
        [("cookie", "first")],
    ],
)
def test_anything_else_does_not(headers):
    with pytest.raises(Refusal) as caught:
        Access(["first", "second"]).check(headers)
    assert caught.value.status == 401
    Access().check(headers)  # without keys everyone may


def test_keys_come_from_a_file_or_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "keys"
    file.write_text("one\n\n two \n")
    monkeypatch.setenv("INPAINTING_API_KEY", "third")
    assert read_keys(str(file)) == ["one", "two"]
    assert read_keys("") == ["third"]
    monkeypatch.delenv("INPAINTING_API_KEY")
    assert read_keys("") == []
    file.write_text("\n")
    with pytest.raises(InputError, match="holds no key"):
        read_keys(str(file))
    with pytest.raises(InputError, match="no such file"):
        read_keys(str(tmp_path / "none"))


def test_both_interfaces_ask_for_it_and_health_does_not(tiny, start):
    server = start(tiny, Access(["open sesame"]))
    key = {"Authorization": "Bearer open sesame"}
    for path in ("/v1/models/tiny", "/metrics"):
        status, headers, _ = server.ask(path)
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert server.ask(path, headers=key)[0] == 200
    assert server.predict(REQUEST)[0] == 401
    assert server.predict(REQUEST, {"X-API-Key": "open sesam"})[0] == 401
    assert server.predict(REQUEST, key)[0] == 200
    for path in ("/healthz", "/healthz/live", "/healthz/ready"):
        assert server.ask(path)[0] == 200

    with grpc.insecure_channel(server.grpc) as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = "tiny"
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetModelStatus(request)
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
        metadata = [("authorization", "Bearer open sesame")]
        assert stub.GetModelStatus(request, metadata=metadata).model_version_status[0].version == 1
