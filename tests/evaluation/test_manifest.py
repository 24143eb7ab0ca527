"""The manifest and its check."""

from __future__ import annotations

import hashlib
import json

import pytest

from inpainting.errors import InputError
from inpainting.evaluation.manifest import Expected, build_manifest, canonical, sha256_of_json

INPUTS = {"protocol": 1, "image_size": 32, "buckets": ["10-20"]}
METRICS = {"l1": "100 mean |d|"}
PHOTOS = [{"pixels": letter, "masks": {"10-20": "m" + letter}} for letter in "ab"]
SYSTEMS = {"telea": {"kind": "classical", "fill": "radius 3"}}


def manifest(inputs=INPUTS, photos=PHOTOS, systems=SYSTEMS) -> dict:
    return build_manifest(inputs, METRICS, photos, systems, uses_networks=False)


@pytest.fixture
def expected(tmp_path) -> Expected:
    path = tmp_path / "manifest.json"
    path.write_text(canonical(manifest()))
    return Expected(str(path))


def test_the_hash_is_that_of_the_file(expected):
    with open(expected.path, "rb") as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == sha256_of_json(manifest())


def test_the_order_of_photos_does_not_matter():
    assert manifest() == manifest(photos=PHOTOS[::-1])


def test_versions_are_those_of_the_libraries_in_use():
    assert set(manifest()["versions"]) == {"numpy", "opencv", "pillow"}


def test_an_equal_run_passes(expected):
    expected.check_settings(INPUTS, METRICS)
    expected.check_systems(SYSTEMS)
    for photo in PHOTOS:
        expected.check_photo("x", photo)
    assert expected.check_all(manifest()) == [f"equal to {expected.path}"]


def test_the_first_difference_in_settings_is_named(expected):
    with pytest.raises(InputError, match="differs in inputs, image_size: there 32, here 64"):
        expected.check_settings({**INPUTS, "image_size": 64}, METRICS)
    with pytest.raises(InputError, match='differs in metrics, pl: there nothing, here "sum"'):
        expected.check_settings(INPUTS, {**METRICS, "pl": "sum"})


def test_a_system_that_changed_is_refused_and_a_new_one_is_a_note(expected):
    with pytest.raises(
        InputError, match=r"has another system .* called telea: there .*3.* here .*5"
    ):
        expected.check_systems({"telea": {"kind": "classical", "fill": "radius 5"}})
    more = {**SYSTEMS, "ns": {"kind": "classical", "fill": "radius 3"}}
    expected.check_systems(more)
    assert expected.check_all(manifest(systems=more)) == [
        f"systems differ from {expected.path}: ns"
    ]


def test_a_setting_that_the_manifest_does_not_know_is_no_other_system(expected):
    expected.check_systems({"telea": {**SYSTEMS["telea"], "new": 1}})


def test_another_version_is_a_note(expected):
    changed = json.loads(json.dumps(manifest()))
    changed["versions"]["numpy"] = "0"
    assert expected.check_all(changed) == [f"versions differ from {expected.path}: numpy"]


def test_another_photo_another_mask_and_a_missing_photo_are_refused(expected):
    with pytest.raises(InputError, match=r"^x is not a photo of --manifest"):
        expected.check_photo("x", {"pixels": "c", "masks": {"10-20": "mc"}})
    with pytest.raises(InputError, match=r"^x has other masks than --manifest"):
        expected.check_photo("x", {"pixels": "a", "masks": {"10-20": "mb"}})
    with pytest.raises(InputError, match="lists 2 photos, and 1 were scored"):
        expected.check_all(manifest(photos=PHOTOS[:1]))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": {"photos": 3}}'])
def test_what_is_no_manifest_is_refused(tmp_path, text):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(InputError, match="is not a manifest"):
        Expected(str(path))


def test_a_missing_manifest_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        Expected(str(tmp_path / "none.json"))
