"""REST as TensorFlow Serving documents it, against the SavedModel itself."""

from __future__ import annotations

import base64
import http.client
import io
import json
import re
import struct
import tempfile
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


@pytest.fixture
def arrays(photo):
    """A batch of two photos: uint8 image (2, 9, 12, 3), mask (2, 9, 12, 1)."""
    pairs = [photo(9, 12) for _ in range(2)]
    image = np.stack([image for image, _ in pairs])
    return image, np.stack([mask for _, mask in pairs])[..., np.newaxis]


def test_status(live):
    expected = {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    for path in ("/v1/models/tiny", "/v1/models/tiny/versions/1"):
        status, headers, body = live.ask(path)
        assert (status, json.loads(body)) == (200, expected)
        assert headers["content-type"] == "application/json"


def test_metadata(live):
    status, _, body = live.ask("/v1/models/tiny/metadata")
    assert status == 200
    answer = json.loads(body)
    assert answer["model_spec"] == {"name": "tiny", "signature_name": "", "version": "1"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    image = signatures["serving_default"]["inputs"]["image"]
    assert image["dtype"] == "DT_UINT8"
    assert [side["size"] for side in image["tensor_shape"]["dim"]] == ["-1", "-1", "-1", "3"]
    assert set(signatures) >= {"serving_default", "serve_bytes", "generate"}


def test_rows_and_columns(live, reference, arrays):
    image, mask = arrays
    expected = reference["serving_default"](image=image, mask=mask)["completed"].tolist()
    rows = [{"image": i.tolist(), "mask": m.tolist()} for i, m in zip(image, mask)]
    assert live.predict({"instances": rows}) == (200, {"predictions": expected})
    columns = {"image": image.tolist(), "mask": mask.tolist()}
    for where in ("/v1/models/tiny:predict", "/v1/models/tiny/versions/1:predict"):
        assert live.predict({"inputs": columns}, where=where) == (200, {"outputs": expected})


def test_several_outputs_have_names(live, reference, arrays):
    image, mask = arrays[0] / np.float32(255), (arrays[1] > 0).astype(np.float32)
    expected = reference["generate"](image=image, mask=mask)
    columns = {"image": image.tolist(), "mask": mask.tolist()}
    status, answer = live.predict({"signature_name": "generate", "inputs": columns})
    assert (status, set(answer["outputs"])) == (200, {"coarse", "refined"})
    for name, array in expected.items():
        np.testing.assert_allclose(answer["outputs"][name], array, atol=1e-6)

    rows = [{"image": i.tolist(), "mask": m.tolist()} for i, m in zip(image, mask)]
    status, answer = live.predict({"signature_name": "generate", "instances": rows})
    assert status == 200
    np.testing.assert_allclose(answer["predictions"][1]["coarse"], expected["coarse"][1], atol=1e-6)


def test_bytes_of_mixed_sizes(live, reference, photo, png):
    pairs = [tuple(map(png, photo(height, width))) for height, width in ((5, 7), (8, 8), (5, 7))]
    rows = [{"image_bytes": b64(image), "mask_bytes": b64(mask)} for image, mask in pairs]
    status, answer = live.predict({"signature_name": "serve_bytes", "instances": rows})
    assert status == 200
    for (image, mask), prediction in zip(pairs, answer["predictions"]):
        ours = tf.io.decode_png(base64.b64decode(prediction["b64"])).numpy()
        graph = reference["serve_bytes"](image_bytes=[image], mask_bytes=[mask])["completed_bytes"]
        theirs = tf.io.decode_png(graph[0]).numpy()
        outside = tf.io.decode_png(mask).numpy()[..., 0] == 0
        np.testing.assert_array_equal(ours[outside], theirs[outside])
        # Another batch may round a level off.
        assert np.abs(ours.astype(int) - theirs).max() <= 1

    image, mask = (base64.encodebytes(data).decode().rstrip("=\n") for data in pairs[0])
    columns = {"image_bytes": [{"b64": image}], "mask_bytes": [{"b64": mask}]}
    status, wrapped = live.predict({"signature_name": "serve_bytes", "inputs": columns})
    assert status == 200
    ours, theirs = (
        tf.io.decode_png(base64.b64decode(given["b64"])).numpy().astype(int)
        for given in (wrapped["outputs"][0], answer["predictions"][0])
    )
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("format_name", ["JPEG", "BMP", "GIF"])
def test_other_formats_are_decoded_as_the_graph_does(live, reference, photo, png, format_name):
    image, mask = photo(16, 24)
    file = io.BytesIO()
    Image.fromarray(image).save(file, format_name)
    row = {"image_bytes": b64(file.getvalue()), "mask_bytes": b64(png(mask))}
    status, answer = live.predict({"signature_name": "serve_bytes", "instances": [row]})
    assert status == 200
    ours = tf.io.decode_png(base64.b64decode(answer["predictions"][0]["b64"])).numpy()
    inputs = {"image_bytes": [file.getvalue()], "mask_bytes": [png(mask)]}
    theirs = tf.io.decode_png(reference["serve_bytes"](**inputs)["completed_bytes"][0]).numpy()
    np.testing.assert_array_equal(ours, theirs)


def bomb(width, height):
    """A PNG of under a kilobyte that claims any size."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(500_000))) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + data


IMAGE = [[[[1, 2, 3]]]]
MASK = [[[[1]]]]
GOOD = {"image": IMAGE, "mask": MASK}


def inputs(**changes):
    return {"inputs": {**GOOD, **changes}}


def floats(**changes):
    return {"signature_name": "generate", **inputs(**changes)}


def files(image="AAAA", mask="AAAA"):
    row = {"image_bytes": {"b64": image}, "mask_bytes": {"b64": mask}}
    return {"signature_name": "serve_bytes", "instances": [row]}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (b"", "JSON Parse error"),
        (b"{", "JSON Parse error"),
        (b"\xff\xfe\x00", "JSON Parse error"),
        (b"[1]", "must be an object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"inputs":' * 50_000, "nested too deeply"),
        ({}, "'instances' or 'inputs'"),
        ({"instances": [], "inputs": {}}, "'instances' or 'inputs'"),
        ({"instances": []}, "not empty"),
        ({"instances": {}}, "must be a list"),
        ({"instances": [3]}, "must be an object with named inputs"),
        ({"inputs": IMAGE}, "must be an object"),
        ({"inputs": {"image": IMAGE}}, "'mask' is missing"),
        (inputs(other=1), "'other' is unknown"),
        ({**inputs(), "signature_name": 3}, "must be a string value"),
        ({**inputs(), "signature_name": "../x"}, "not found in signature def"),
        (inputs(image=[[[[1, 2, 300]]]]), "must be 0 to 255"),
        (inputs(image=[[[[1, 2, -1]]]]), "must be 0 to 255"),
        (inputs(image=[[[[1, 2, 2**70]]]]), "not of expected type"),
        (inputs(image=[[[[1, 2, 0.5]]]]), "not of expected type: uint8"),
        (inputs(image=[[[["1", "2", "3"]]]]), "not of expected type"),
        (inputs(image=[[[[True, True, False]]]]), "not of expected type"),
        (inputs(image=[[[[None, 1, 2]]]]), "not of expected type"),
        (inputs(image=[[[[1, 2]]]]), "must have shape"),
        (inputs(image=[[1, 2, 3]]), "must have shape"),
        (inputs(image=7), "must have shape"),
        (inputs(image=[[[[1, 2, 3], [1, 2]]]]), "ragged"),
        (inputs(image=[[[]]]), "must have shape"),
        (inputs(mask=[[[[1]], [[1]]]]), "one (B, H, W)"),
        (inputs(mask=MASK * 2), "one (B, H, W)"),
        (
            b'{"signature_name":"generate","inputs":{"image":[[[[NaN,0,0]]]],"mask":[[[[1]]]]}}',
            "NaN",
        ),
        (
            b'{"signature_name":"generate","inputs":{"image":[[[[-Infinity,0,0]]]],"mask":[]}}',
            "Inf",
        ),
        (
            b'{"signature_name":"generate","inputs":{"image":[[[[1e999,0,0]]]],"mask":[[[[1]]]]}}',
            "inf",
        ),
        (floats(image=[[[[1e39, 0, 0]]]]), "in [0, 1]"),
        (floats(image=[[[[1.5, 0, 0]]]]), "in [0, 1]"),
        (floats(image=[[[[0, 0, 0]]]], mask=[[[[0.5]]]]), "exactly 0 or 1"),
        (files("!!!!"), "base64"),
        (files("AAAAA"), "base64"),
        (files(7), "base64"),
        (files(), "not an image"),
        ({**files(), "instances": [{"image_bytes": "x", "mask_bytes": "y"}]}, "base64"),
        (
            {"signature_name": "serve_bytes", "inputs": {"image_bytes": [], "mask_bytes": []}},
            "0 image_bytes",
        ),
        ({"signature_name": "serve_bytes", "inputs": {"image_bytes": 1, "mask_bytes": []}}, "list"),
    ],
)
def test_wrong_requests_are_400(live, request_, words):
    status, answer = live.predict(request_)
    assert status == 400
    assert list(answer) == ["error"]
    assert words in answer["error"]
    assert "\n" not in answer["error"]


def test_damaged_files_are_400(live, photo, png):
    image, mask = map(png, photo(20, 20))
    jpeg = io.BytesIO()
    Image.fromarray(photo(20, 20)[0]).save(jpeg, "JPEG")
    for data in (image[:-30], image[:40], jpeg.getvalue()[:-50], b"GIF89a" + bytes(20), bytes(50)):
        for request in (
            files(b64(data)["b64"], b64(mask)["b64"]),
            files(b64(image)["b64"], b64(data)["b64"]),
        ):
            status, answer = live.predict(request)
            assert status == 400
            assert re.match("(image|mask)_bytes is (not an image|truncated)", answer["error"])
            assert "{{" not in answer["error"]
    other = b64(png(photo(20, 21)[1]))["b64"]
    status, answer = live.predict(files(b64(image)["b64"], other))
    assert (status, "21 x 20 pixels" in answer["error"]) == (400, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/models/other:predict", 404),
        ("POST", "/v1/models/tiny/versions/7:predict", 404),
        ("POST", "/v1/models/tiny/versions/99999999999999999999:predict", 400),
        ("POST", "/v1/models/tiny/versions/-1:predict", 400),
        ("POST", "/v1/models/tiny/versions/%D9%A1:predict", 400),
        ("POST", "/v1/models/..%2f..%2fetc%2fpasswd:predict", 400),
        ("POST", "/v1/models/%2e%2e:predict", 404),
        ("POST", "/v1/models/tiny%00:predict", 404),
        ("POST", "/v1/models/tiny/labels/stable:predict", 400),
        ("POST", "/v1/models/tiny:classify", 400),
        ("POST", "/v1/models/tiny", 400),
        ("GET", "/v1/models/tiny:predict", 400),
        ("GET", "/v1/models/other", 404),
        ("GET", "/v1/models/other/metadata", 404),
        ("GET", "/v1/models/tiny/versions/7", 404),
        ("GET", "/v1/models/", 400),
        ("GET", "/v1/models/tiny/../../etc/passwd", 400),
        ("GET", "/", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("PUT", "/v1/models/tiny", 405),
        ("DELETE", "/fill", 405),
    ],
)
def test_wrong_paths(live, method, path, status):
    host, port = live.url[len("http://") :].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", "x")
    body = json.dumps(inputs()).encode() if method == "POST" else b""
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    assert answer.status == status
    assert list(json.loads(answer.read())) == ["error"]
    connection.close()


def test_a_bomb_is_refused_before_it_is_decoded(live, photo, png):
    file = bomb(60_000, 60_000)
    assert len(file) < 1000
    small = b64(png(photo(4, 4)[1]))["b64"]
    for request in (files(b64(file)["b64"], small), files(small, b64(file)["b64"])):
        status, answer = live.predict(request)
        assert (status, "pixels" in answer["error"]) == (413, True)
    # Not beyond what Pillow opens, but beyond the limit.
    both = b64(bomb(9000, 9000))["b64"]
    status, answer = live.predict(files(both, both))
    assert (status, "81.0 megapixels" in answer["error"]) == (413, True)


def test_many_small_samples_are_too_many(live):
    """Each is padded by the network, so that 5000 of one pixel are 5 megapixels."""
    request = {"inputs": {"image": IMAGE * 5000, "mask": MASK * 5000}}
    status, answer = live.predict(request)
    assert (status, "5.1 megapixels" in answer["error"]) == (413, True)


def test_long_bodies_are_413_announced_or_not(tiny, start):
    server = start(tiny, request_megabytes=0.1)
    status, answer = server.predict(b" " * 3_000_000)
    assert (status, "100000 bytes" in answer["error"]) == (413, True)
    chunked = iter([b" " * 50_000] * 60)  # without a Content-Length
    request = server.ask("/v1/models/tiny:predict", chunked, {"Transfer-Encoding": "chunked"})
    assert request[0] == 413
    form = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + bytes(
        200_000
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert server.ask("/fill", form, headers)[0] == 413
    assert server.predict(inputs())[0] == 200


def form_of(**parts):
    body = b""
    for name, data in parts.items():
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + b"--x--\r\n"


FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def test_fill_takes_files_of_any_size_and_keeps_the_rest(live, rng):
    """Larger than the working size, WebP, with alpha and a profile."""
    pixels = rng.integers(0, 256, (90, 700, 4), dtype=np.uint8)
    pixels[..., 3] |= 1
    image, mask = io.BytesIO(), io.BytesIO()
    profile = b"\0" * 16 + b"RGB " + b"\0" * 108
    Image.fromarray(pixels).save(image, "WEBP", lossless=True, exact=True, icc_profile=profile)
    hole = np.zeros((90, 700), np.uint8)
    hole[20:50, 600:640] = 255
    Image.fromarray(hole).save(mask, "BMP")
    status, headers, body = live.ask(
        "/fill", form_of(image=image.getvalue(), mask=mask.getvalue()), FORM
    )
    assert (status, headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(body)) as answer:
        assert answer.info["icc_profile"] == profile
        completed = np.asarray(answer)
    np.testing.assert_array_equal(completed[hole == 0], pixels[hole == 0])
    assert (completed[hole > 0] != pixels[hole > 0]).any()


def test_wrong_forms(live, tiny, start, photo, png):
    image, mask = map(png, photo(6, 6))
    cases = [
        (form_of(image=image), FORM, "'mask' is missing"),
        (form_of(image=image, mask=mask, other=mask), FORM, "Too many files"),
        (form_of(image=image, mask=mask)[:-100], FORM, "missing"),
        (b"image=3&mask=4", {"Content-Type": "application/x-www-form-urlencoded"}, "missing"),
        (b"nothing", FORM, "multipart"),
        (b"{}", {"Content-Type": "application/json"}, "missing"),
        (form_of(image=image[:60], mask=mask), FORM, "image is truncated"),
        (form_of(image=image, mask=b"x"), FORM, "mask is not an image"),
        (form_of(image=image, mask=png(photo(6, 7)[1])), FORM, "mask is 7 x 6"),
        (form_of(image=image, mask=png(np.zeros((6, 6), np.uint8))), FORM, "no hole"),
    ]
    for body, headers, words in cases:
        status, _, answer = live.ask("/fill", body, headers)
        assert status == 400, words
        error = json.loads(answer)["error"]
        assert words in error
        assert tempfile.gettempdir() not in error
    status, _, answer = live.ask("/fill", form_of(image=bomb(60_000, 60_000), mask=mask), FORM)
    assert status == 413
    server = start(tiny, photo_megapixels=0.0001)
    wide = list(map(png, photo(10, 11)))
    status, _, answer = server.ask("/fill", form_of(image=wide[0], mask=wide[1]), FORM)
    assert (status, b"11 x 10 pixels" in answer) == (413, True)


def test_health(live):
    for path in ("/healthz", "/healthz/live"):
        assert json.loads(live.ask(path)[2]) == {"status": "live"}
    assert json.loads(live.ask("/healthz/ready")[2]) == {"status": "ready", "version": 1}


def test_metrics_count(tiny, start):
    server = start(tiny)
    for _ in range(3):
        assert server.predict(inputs())[0] == 200
    assert server.predict(b"{")[0] == 400
    assert server.ask("/made/up/by/a/stranger")[0] == 404
    status, headers, body = server.ask("/metrics")
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/plain")
    lines = body.decode().splitlines()
    for line in (
        'inpainting_requests_total{code="200",interface="rest",method="predict"} 3.0',
        'inpainting_requests_total{code="400",interface="rest",method="predict"} 1.0',
        'inpainting_requests_total{code="404",interface="rest",method="other"} 1.0',
        'inpainting_request_seconds_count{interface="rest",method="predict"} 4.0',
        "inpainting_batch_samples_count 3.0",
        "inpainting_batch_samples_sum 3.0",
        "inpainting_pixels_total 3072.0",
        "inpainting_requests_in_flight 0.0",
    ):
        assert line in lines
    assert "stranger" not in body.decode()
