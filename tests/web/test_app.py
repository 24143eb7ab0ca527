"""The addresses of the page, over real HTTP."""

from __future__ import annotations

import concurrent.futures
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

import inpainting.web
from inpainting.image import decode_image
from inpainting.web import photos
from inpainting.web.photos import Limits

STATIC = Path(inpainting.web.__file__).parent / "static"


def png(array):
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def photo(rng):
    return rng.integers(40, 200, (48, 60, 3), dtype=np.uint8)


@pytest.fixture
def hole():
    hole = np.zeros((48, 60), bool)
    hole[10:20, 12:40] = True
    hole[15, 30] = False
    return hole


def test_a_fill_comes_back_as_the_patch_of_its_box(served, photo, hole):
    parts = [png(photo), photos.pack_hole(hole)]
    fields, (patch,) = served.post("fill", {"model": "light", "boxes": []}, parts)
    assert fields["box"] == [10, 8, 32, 14]  # with a rim of two pixels
    assert set(fields["times"]) >= {"receive", "decode", "wait", "network", "encode"}
    assert all(isinstance(line, str) for line in fields["warnings"])
    expected = served.models[0].predictor(photo, hole)[8:22, 10:42]
    np.testing.assert_array_equal(decode_image(bytes(patch), "patch"), expected)


def test_filling_goes_on_from_a_result_and_ends_in_one_file(served, photo, hole):
    file, bits = png(photo), photos.pack_hole(hole)
    first, (patch,) = served.post("fill", {"model": "light", "boxes": []}, [file, bits])
    other = np.zeros_like(hole)
    other[30:40, 5:25] = True
    fields = {"model": "dark", "boxes": [first["box"]]}
    parts = [file, photos.pack_hole(other), bytes(patch)]
    second, (more,) = served.post("fill", fields, parts)
    boxes = [first["box"], second["box"]]
    status, headers, body = served.request(
        "POST", "/api/result", inpainting.web.envelope.pack({"boxes": boxes}, [file, patch, more])
    )
    assert status == 200
    assert headers["content-type"] == "image/png"
    light, dark = (model.predictor for model in served.models)
    expected = dark(light(photo, hole), other)
    np.testing.assert_array_equal(decode_image(body, "result"), expected)
    outside = ~(hole | other)
    np.testing.assert_array_equal(expected[outside], photo[outside])


def test_frames_are_the_networks_own(served, photo, hole):
    fields = {"model": "dark", "boxes": []}
    fields, files = served.post("frames", fields, [png(photo), photos.pack_hole(hole)])
    assert fields["box"] == [0, 0, 60, 48]  # fits the working size
    coarse, refined = (decode_image(bytes(file), "frame") for file in files)
    assert (coarse == 0).all()
    assert (refined == 26).all()  # 0.1 * 255 = 25.5, halves up


def test_frames_of_a_large_photo_are_of_the_holes_surroundings(served, rng):
    photo = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    hole = np.zeros((300, 400), bool)
    hole[0:100, 200:220] = True
    fields = {"model": "dark", "boxes": []}
    fields, files = served.post("frames", fields, [png(photo), photos.pack_hole(hole)])
    assert fields["box"] == [110, 0, 200, 200]  # twice the hole's longer side, moved inside
    assert decode_image(bytes(files[0]), "frame").shape == (64, 64, 3)


def test_photo_and_mask_are_told_in_upright_pixels(served, photo):
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.fromarray(photo).save(data, "JPEG", exif=exif)
    fields, _ = served.post("photo", {}, [data.getvalue()])
    assert fields == {"width": 48, "height": 60, "transparent": False}
    mask = np.zeros((60, 48), np.uint8)
    mask[3, 4] = 255
    _, (bits,) = served.post("mask", {"size": [48, 60]}, [png(mask)])
    np.testing.assert_array_equal(photos.unpack_hole(bytes(bits), (48, 60)), mask == 255)


def test_mistakes_are_told_in_one_line(served, photo, hole):
    file, bits = png(photo), photos.pack_hole(hole)
    fill = {"model": "light", "boxes": []}
    size = {"size": [60, 48], "model": "light"}
    for name, fields, parts, expected in [
        ("photo", {}, [b"no photo"], "not an image that can be read"),
        ("photo", {}, [b""], "empty"),
        ("photo", {}, [file[:-40]], "truncated or damaged"),
        ("photo", {}, [], "not complete"),
        ("mask", {"size": [5, 5]}, [file], "must be of one size"),
        ("mask", {"size": "large"}, [file], "two whole numbers"),
        ("fill", {**fill, "model": "../../etc/passwd"}, [file, bits], "no model of that name"),
        ("fill", {**fill, "boxes": None}, [file, bits], "one box"),
        ("fill", fill, [file, bits[:-1]], "does not fit"),
        ("fill", fill, [file, photos.pack_hole(hole & False)], "nothing is painted"),
        ("fill", fill, [file, photos.pack_hole(hole | True)], "everything is painted"),
        ("check", size, [bits[:-1]], "does not fit"),
    ]:
        answer = served.post(name, fields, parts)
        assert isinstance(answer, str), (name, expected)
        assert expected in answer
        assert "\n" not in answer


def test_a_check_tells_of_large_holes(served):
    hole = np.ones((48, 60), bool)
    hole[:2] = False
    fields = {"size": [60, 48], "model": "light"}
    fields, _ = served.post("check", fields, [photos.pack_hole(hole)])
    assert any("thick" in line for line in fields["warnings"])


def test_many_at_once_each_get_their_own(served, rng):
    def one(number):
        photo = np.random.default_rng(number).integers(0, 256, (40, 33, 3), dtype=np.uint8)
        hole = np.zeros((40, 33), bool)
        hole[number : number + 9, 3:20] = True
        model = served.models[number % 2]
        fields = {"model": model.name, "boxes": []}
        _, (patch,) = served.post("fill", fields, [png(photo), photos.pack_hole(hole)])
        expected = model.predictor(photo, hole)[max(0, number - 2) : number + 11, 1:22]
        np.testing.assert_array_equal(decode_image(bytes(patch), "patch"), expected)
        return True

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(16)))


def test_the_page_describes_itself(served):
    status, _, body = served.request("GET", "/api/page")
    page = json.loads(body)
    assert status == 200
    assert [model["name"] for model in page["models"]] == ["light", "dark"]
    assert page["samples"][0] == {"title": "Pont du gard", "credit": "Mimova, public-domain"}
    assert len(page["samples"]) == 6
    status, headers, body = served.request("GET", "/api/samples/5")
    assert status == 200
    assert headers["content-type"] == "image/jpeg"
    assert decode_image(body, "sample").shape[0] == 320


@pytest.mark.parametrize(
    "path",
    [
        "/api/samples/6",
        "/api/samples/-1",
        "/api/samples/../page",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/etc/passwd",
        "/docs",
        "/openapi.json",
    ],
)
def test_nothing_else_is_given_out(served, path):
    status, _, body = served.request("GET", path)
    assert status in (404, 422)
    assert b"import" not in body


def test_the_page_may_only_speak_with_its_server(served):
    _, headers, _ = served.request("GET", "/")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_no_file_of_the_page_names_another_machine():
    files = [path for path in STATIC.iterdir() if path.suffix in (".html", ".js", ".css", ".svg")]
    assert len(files) > 15
    for path in files:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}/?", text), path.name


def test_it_can_be_mounted_in_another_application(serve):
    page = serve()
    page.stop()
    outer = FastAPI()
    outer.mount("/page", page.app)
    page.app = outer
    page.start()
    _, _, body = page.request("GET", "/page/")
    assert body == (STATIC / "index.html").read_bytes()
    assert page.request("GET", "/page/static/main.js")[0] == 200
    assert json.loads(page.request("GET", "/page/api/page")[2])["models"]


def test_large_requests_are_refused_whatever_they_claim(serve):
    page = serve(limits=Limits(megabytes=0.001))
    status, headers, body = page.request("POST", "/api/photo", b"x" * 1001)
    assert status == 413
    assert "larger than 0.001 MB" in json.loads(body)["error"]
    assert "content-security-policy" in headers
    chunks = iter([b"x" * 600, b"x" * 600])
    status, _, body = page.request("POST", "/api/photo", chunks)  # sent without a length
    assert status == 413
    assert page.request("GET", "/api/page")[0] == 200
