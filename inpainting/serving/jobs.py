"""What `inpaint.py` is to do: which photo with which mask goes where. No TensorFlow."""

from __future__ import annotations

import dataclasses
import os

import cv2
import numpy as np

from inpainting.errors import InputError
from inpainting.image import WRITABLE_FORMATS, check_pair, check_writable, read_mask
from inpainting.serving.files import Photo, read_photo, to_eight_bits

# The suffixes that are taken from a folder; a single file may have any name.
PHOTO_SUFFIXES = (*WRITABLE_FORMATS, ".gif", ".ppm", ".pgm")


@dataclasses.dataclass(frozen=True)
class Job:
    """One photo to fill; `mask` is None where a folder has none for it."""

    image: str
    mask: str | None
    output: str


def plan_jobs(image: str, mask: str, output: str, make_folder: bool = True) -> list[Job]:
    """One job for a file, one for each photo of a folder, sorted by name.

    In a folder of masks a photo's mask is the one with its stem. A photo keeps its file name; where
    its format cannot be written it becomes PNG. Makes the output folder, or with
    `make_folder=False` only looks whether it could be made.

    Raises:
        InputError: a path is missing, the output cannot be written or would replace an input, or
            it isn't clear which mask belongs to a photo.
    """
    if not os.path.exists(image):
        raise InputError(f"no such file: {image}")
    if not os.path.exists(mask):
        raise InputError(f"no such file: {mask} (--mask)")
    if not os.path.isdir(image):
        check_writable(output)
        for name in (image, mask):
            if os.path.exists(output) and os.path.samefile(name, output):
                raise InputError(f"--output {output} would replace {name}: give another name")
        return [Job(image, mask, output)]

    jobs = []
    names = _photos(image)
    masks = _by_stem(mask) if os.path.isdir(mask) else None
    _check_folder(output, (image, mask), make_folder)
    for name in names:
        stem = os.path.splitext(name)[0]
        mask_path = mask if masks is None else masks.get(stem)
        jobs.append(Job(os.path.join(image, name), mask_path, _output_path(name, names, output)))
    return jobs


def prepare(job: Job, invert_mask: bool = False, dilate: int = 0) -> tuple[Photo, np.ndarray]:
    """The photo, and its hole as bool (H, W), grown by `dilate` pixels all round.

    Raises:
        InputError: a file cannot be read, they don't fit, or nothing is hole or all of it.
    """
    photo = read_photo(job.image)
    if job.mask is None:
        raise InputError(f"no mask for {job.image}: expected one with the same stem")
    mask = read_mask(job.mask, invert=invert_mask)
    check_pair(photo.pixels, mask, (job.image, job.mask))
    if dilate:
        # The distance of each known pixel to the hole; round in every direction, of any radius.
        distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        mask = (distance <= dilate).astype(np.uint8)
        grown = f"{job.mask}, grown by {dilate} pixels,"
        check_pair(photo.pixels, mask, (job.image, grown))
    return photo, mask == 1


def tint(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """A photo's pixels -> uint8 (H, W, 3) with the hole shown half red."""
    pixels = to_eight_bits(pixels)
    red = pixels // 2 + np.array([127, 0, 0], np.uint8)
    return np.where(hole[..., np.newaxis], red, pixels)


def is_done(job: Job) -> bool:
    """Whether the output is there, and no older than photo and mask.

    Outputs appear whole or not at all, so one that is there is whole.
    """
    try:
        done = os.path.getmtime(job.output)
        inputs = [job.image] if job.mask is None else [job.image, job.mask]
        return all(os.path.getmtime(path) <= done for path in inputs)
    except OSError:
        return False


def _photos(folder: str) -> list[str]:
    names = sorted(
        name
        for name in os.listdir(folder)
        if name.lower().endswith(PHOTO_SUFFIXES) and not name.startswith(".")
    )
    if not names:
        raise InputError(f"no photo in {folder}: looked for {' '.join(PHOTO_SUFFIXES)}")
    return names


def _by_stem(folder: str) -> dict[str, str]:
    masks: dict[str, str] = {}
    for name in _photos(folder):
        stem = os.path.splitext(name)[0]
        path = os.path.join(folder, name)
        if stem in masks:
            raise InputError(f"two masks for one photo: {masks[stem]} and {path}")
        masks[stem] = path
    return masks


def _output_path(name: str, names: list[str], output: str) -> str:
    stem, suffix = os.path.splitext(name)
    written = name if suffix.lower() in WRITABLE_FORMATS else stem + ".png"
    if written != name and written in names:
        raise InputError(f"{name} and {written} would both be written to {written}")
    return os.path.join(output, written)


def _check_folder(output: str, inputs: tuple[str, str], make: bool) -> None:
    if make:
        try:
            os.makedirs(output, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make folder {output}: {error.strerror}") from error
    for path in inputs:
        if os.path.isdir(path) and os.path.exists(output) and os.path.samefile(path, output):
            raise InputError(f"--output {output} would replace the files of {path}")
    if os.path.isdir(output):
        check_writable(os.path.join(output, "any.png"))
        return
    parent = os.path.abspath(output)
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    if not (os.path.isdir(parent) and os.access(parent, os.W_OK | os.X_OK)):
        raise InputError(f"cannot make folder {output}: {parent} is no folder that can be written")
