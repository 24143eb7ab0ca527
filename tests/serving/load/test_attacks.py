"""What attacks are made of; a server under them is in tests/tools/test_load_tools.py."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from inpainting.serving.load.abuse import HTTP_ATTACKS, bomb, form, predict
from inpainting.serving.load.grpc_abuse import grpc_attack
from inpainting.serving.load.photos import SIDES, decoded, encoded, photograph, random_photo


@pytest.mark.parametrize("attack", [*HTTP_ATTACKS, grpc_attack])
def test_an_attack_is_repeated_by_its_seed(attack):
    for seed in range(60):
        first, second = (attack(np.random.default_rng((3, seed))) for _ in range(2))
        assert isinstance(first, bytes)
        assert first == second


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG"])
def test_bombs_are_small_and_claim_much(kind, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    data = bomb(kind, 60_000, 50_000)
    assert len(data) < 1024
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (60_000, 50_000)


def test_requests_are_whole():
    head, body = predict({"a": 1}).split(b"\r\n\r\n")
    assert body == b'{"a": 1}'
    assert b"Content-Length: 8" in head
    head, body = form(("image", b"1234")).split(b"\r\n\r\n", 1)
    assert int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]) == len(body)
    assert b"1234" in body


def test_photos_differ_and_have_both_hole_and_known(rng):
    photos = [random_photo(rng) for _ in range(50)]
    assert len({image.tobytes() for image, _ in photos}) == 50
    for image, mask in photos:
        assert image.shape[:2] == mask.shape
        assert set(image.shape[:2]) <= set(SIDES)
        assert set(np.unique(mask)) == {0, 255}
        np.testing.assert_array_equal(decoded(encoded(image)), image)


@pytest.mark.parametrize("side", [16, 100])
def test_photographs_are_no_noise(rng, side):
    """Unlike noise's, neighbours in them are alike; the hole is of the size that is promised."""
    image, mask = photograph(rng, side)
    assert (image.shape, image.dtype, mask.shape) == ((side, side, 3), np.uint8, (side, side))
    assert set(np.unique(mask)) == {0, 255}
    assert 0.1 <= (mask == 255).mean() < 0.2
    steps = np.abs(np.diff(image.astype(int), axis=1)).mean()
    assert steps < np.abs(image - image.mean(axis=(0, 1))).mean()  # 4/3 of it in noise
    others = [photograph(rng, side)[0].tobytes() for _ in range(8)]
    assert len(set(others)) > 1
