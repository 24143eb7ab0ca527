from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from inpainting.errors import InputError
from inpainting.serving.jobs import Job, plan_jobs, prepare, tint


def save(path, values=None, size=(12, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", size, (10, 20, 30)) if values is None else Image.fromarray(values)
    picture.save(path)
    return str(path)


def mask_values(size=(12, 10)):
    values = np.zeros(size[::-1], np.uint8)
    values[4:6, 5:8] = 255
    return values


def test_one_file(tmp_path):
    image, mask = save(tmp_path / "a.png"), save(tmp_path / "m.png", mask_values())
    output = str(tmp_path / "out.webp")
    assert plan_jobs(image, mask, output) == [Job(image, mask, output)]
    assert not os.path.exists(output)


def test_a_folder_with_a_folder_of_masks(tmp_path):
    photos, masks, output = tmp_path / "photos", tmp_path / "masks", tmp_path / "new" / "out"
    for name in ("b.JPG", "a.png", "c.gif", "d.png", ".hidden.png"):
        save(photos / name)
    (photos / "notes.txt").write_text("x")
    for name in ("a.png", "b.png", "c.bmp", "other.png"):
        save(masks / name, mask_values())
    jobs = plan_jobs(str(photos), str(masks), str(output))
    assert jobs == [
        Job(str(photos / "a.png"), str(masks / "a.png"), str(output / "a.png")),
        Job(str(photos / "b.JPG"), str(masks / "b.png"), str(output / "b.JPG")),
        Job(str(photos / "c.gif"), str(masks / "c.bmp"), str(output / "c.png")),
        Job(str(photos / "d.png"), None, str(output / "d.png")),
    ]
    assert os.listdir(output) == []
    with pytest.raises(InputError, match=r"no mask for .*d\.png"):
        prepare(jobs[3])


def test_a_folder_with_one_mask(tmp_path):
    for name in ("a.png", "b.png"):
        save(tmp_path / "photos" / name)
    mask = save(tmp_path / "m.png", mask_values())
    jobs = plan_jobs(str(tmp_path / "photos"), mask, str(tmp_path / "out"))
    assert [job.mask for job in jobs] == [mask, mask]


def test_what_would_replace_an_input_is_refused(tmp_path):
    image, mask = save(tmp_path / "in" / "a.png"), save(tmp_path / "m.png", mask_values())
    os.symlink(image, tmp_path / "link.png")
    for output in (image, mask, str(tmp_path / "link.png")):
        with pytest.raises(InputError, match="would replace"):
            plan_jobs(image, mask, output)
    folder = str(tmp_path / "in")
    with pytest.raises(InputError, match="would replace the files of"):
        plan_jobs(folder, mask, folder + "/../in")


def test_what_is_not_clear_is_refused(tmp_path):
    image, mask = save(tmp_path / "in" / "a.png"), save(tmp_path / "masks" / "a.png", mask_values())
    folder, masks, out = str(tmp_path / "in"), str(tmp_path / "masks"), str(tmp_path / "out")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for arguments, message in (
        ((str(tmp_path / "none.png"), mask, out + ".png"), r"no such file: .*none\.png"),
        ((image, str(tmp_path / "none.png"), out + ".png"), r"no such file: .*none\.png \(--mask"),
        ((image, mask, out + ".xyz"), "suffix must be one of"),
        ((image, mask, str(tmp_path / "no" / "out.png")), "there is no folder"),
        ((str(tmp_path / "empty"), mask, out), r"no photo in .*empty: looked for \.png"),
        ((folder, str(tmp_path / "empty"), out), r"no photo in .*empty"),
        ((folder, masks, str(tmp_path / "file")), "cannot make folder"),
    ):
        with pytest.raises(InputError, match=message):
            plan_jobs(*arguments)
    save(tmp_path / "masks" / "a.bmp", mask_values())
    with pytest.raises(InputError, match=r"two masks for one photo: .*a\.bmp and .*a\.png"):
        plan_jobs(folder, masks, out)
    save(tmp_path / "in" / "a.gif")
    with pytest.raises(InputError, match=r"a\.gif and a\.png would both be written to a\.png"):
        plan_jobs(folder, mask, out)


def test_prepare_reads_checks_and_grows(tmp_path):
    job = Job(save(tmp_path / "a.png"), save(tmp_path / "m.png", mask_values()), "out.png")
    photo, hole = prepare(job)
    np.testing.assert_array_equal(photo.pixels, np.full((10, 12, 3), (10, 20, 30)))
    np.testing.assert_array_equal(hole, mask_values() == 255)

    _, inverted = prepare(job, invert_mask=True)
    np.testing.assert_array_equal(inverted, ~hole)

    _, grown = prepare(job, dilate=2)
    rows, columns = np.nonzero(hole)
    y, x = np.mgrid[:10, :12]
    squares = (y[..., None] - rows) ** 2 + (x[..., None] - columns) ** 2
    np.testing.assert_array_equal(grown, squares.min(axis=-1) <= 4)

    with pytest.raises(InputError, match=r"m\.png, grown by 20 pixels, is all hole"):
        prepare(job, dilate=20)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((10, 12), np.uint8), "has no hole"),
        (np.full((10, 12), 255, np.uint8), "is all hole"),
        (mask_values((10, 12)), "is 10 x 12 pixels .* is 12 x 10.* both turned as their EXIF says"),
        (mask_values((9, 12)), "is 9 x 12 pixels .* is 12 x 10: they must be of one size$"),
    ],
)
def test_a_pair_that_does_not_fit_is_told(tmp_path, values, message):
    job = Job(save(tmp_path / "a.png"), save(tmp_path / "m.png", values), "out.png")
    with pytest.raises(InputError, match=message):
        prepare(job)


def test_tint():
    pixels = np.array([[[255, 255, 255], [10, 20, 31]]], np.uint8)
    tinted = tint(pixels, np.array([[True, False]]))
    np.testing.assert_array_equal(tinted, [[[254, 127, 127], [10, 20, 31]]])
