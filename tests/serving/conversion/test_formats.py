"""What is refused before any work begins."""

from __future__ import annotations

import dataclasses

import pytest

from inpainting.errors import InputError
from inpainting.serving.conversion import formats
from inpainting.serving.conversion.formats import FORMATS, check_formats


@pytest.fixture
def with_package(monkeypatch):
    """Gives the format tflite a package that it needs."""

    def give(name):
        changed = dataclasses.replace(FORMATS["tflite"], packages=(name,))
        monkeypatch.setitem(formats.FORMATS, "tflite", changed)

    return give


def test_an_unknown_format():
    with pytest.raises(InputError, match="of onnx, openvino, openvino_int8, tflite, got 'coreml'"):
        check_formats(["tflite", "coreml"], (32, 32))


def test_a_format_of_one_size_asks_for_it():
    with pytest.raises(InputError, match="--format=tflite is for photos of one size: add --size"):
        check_formats(["tflite"], None)


def test_nothing_is_asked_of_tflite_at_one_size():
    check_formats(["tflite"], (32, 32))


def test_a_missing_package_is_named_with_the_remedy(with_package):
    with_package("no_such_package")
    with pytest.raises(InputError) as caught:
        check_formats(["tflite"], (32, 32))
    message = str(caught.value)
    assert message.startswith("--format=tflite needs the package no_such_package: pip install -r ")
    assert "requirements-export.txt" in message
    assert "\n" not in message


def test_a_package_that_does_not_start_is_told_from_a_missing_one(
    with_package, tmp_path, monkeypatch
):
    (tmp_path / "package_of_next_year.py").write_text("import os\nos.no_such_name\n")
    monkeypatch.syspath_prepend(tmp_path)
    with_package("package_of_next_year")
    with pytest.raises(InputError, match=r"fails to start \(.*no_such_name.*requirements-export"):
        check_formats(["tflite"], (32, 32))
