"""The page as a person uses it, in Chromium."""

from __future__ import annotations

import io
import re

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from inpainting.image import decode_image, decode_mask
from inpainting.web.photos import Limits

pytestmark = pytest.mark.slow


def encoded(array, kind="PNG", **options):
    data = io.BytesIO()
    Image.fromarray(array).save(data, kind, **options)
    return data.getvalue()


def soft(rng, height, width):
    """A photo without sharp edges, and with no value that the models fill with."""
    small = rng.integers(60, 180, (9, 12, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def load(tab, file, name="photo.png", kind="image/png"):
    tab.set_input_files("#photo-file", {"name": name, "mimeType": kind, "buffer": file})
    tab.wait_for_function(
        "name => document.getElementById('photo-name').textContent.startsWith(name)", arg=name
    )
    tab.wait_for_selector("#busy", state="hidden")


def stroke(tab, *points):
    """A drag over the stage through points given as shares of its size."""
    frame = tab.locator("#canvas").bounding_box()
    for number, (x, y) in enumerate(points):
        place = frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]
        tab.mouse.move(*place, steps=1 if number == 0 else 5)
        if number == 0:
            tab.mouse.down()
    tab.mouse.up()


def fill(tab, results=2):
    tab.click("#fill")
    tab.wait_for_selector(f"#results li:nth-child({results})")
    tab.wait_for_selector("#busy", state="hidden")


def downloaded(tab, button):
    with tab.expect_download() as download:
        tab.click(button)
    with open(download.value.path(), "rb") as file:
        return file.read()


def mask_of(tab):
    return decode_mask(downloaded(tab, "#mask-save"), "mask") == 1


def result_of(tab):
    return decode_image(downloaded(tab, "#download"), "result")


def message(tab):
    tab.wait_for_selector("#message.mistake")
    return tab.inner_text("#message-text")


def painted(tab):
    """What the page says of the mask; empty where there is none."""
    return tab.inner_text("#mask-rate")


def view(tab):
    return tab.get_attribute("[role=tab][aria-selected=true]", "data-view")


def bright_pixels(tab):
    """What of the stage is not black, in pixels of the photo."""
    return tab.evaluate(
        """() => {
          const canvas = document.getElementById("canvas");
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const scale = parseFloat(document.getElementById("zoom-real").textContent) / 100;
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] && Math.max(data[i], data[i + 1], data[i + 2]) > 30) count++;
          }
          return count / scale ** 2;
        }"""
    )


def check_filled(result, photo, hole, changed=0.9):
    """The promise: outside the hole bit for bit, and inside (nearly) everywhere something else."""
    assert result.shape == photo.shape
    np.testing.assert_array_equal(result[~hole], photo[~hole])
    assert (result[hole] != photo[hole]).any(axis=-1).mean() > changed


def test_load_paint_undo_fill_slide_download(open_page, rng):
    photo = soft(rng, 300, 400)
    tab = open_page()
    load(tab, encoded(photo))
    assert tab.inner_text("#photo-name") == "photo.png · 400 \u00d7 300"
    assert tab.is_disabled("#fill")
    stroke(tab, (0.3, 0.4), (0.5, 0.5))
    first = mask_of(tab)
    stroke(tab, (0.6, 0.3), (0.7, 0.3))
    both = mask_of(tab)
    assert both.sum() > first.sum() > 0
    tab.keyboard.press("Control+z")
    np.testing.assert_array_equal(mask_of(tab), first)
    tab.keyboard.press("Control+y")
    np.testing.assert_array_equal(mask_of(tab), both)
    tab.click("#undo")

    fill(tab)
    assert view(tab) == "compare"
    check_filled(result_of(tab), photo, first)
    assert re.fullmatch(r"\d+\.\d\d s", tab.inner_text("#timing-total"))

    # The slider: what is left of it is the photo as it was.
    slider = tab.locator("#slider")
    before = tab.locator("#canvas").screenshot()
    slider.focus()
    tab.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == "100"
    tab.wait_for_timeout(200)
    assert tab.locator("#canvas").screenshot() != before
    tab.keyboard.press("Home")
    frame = slider.bounding_box()
    tab.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + 100)
    tab.mouse.down()
    tab.mouse.move(frame["x"] + 300, frame["y"] + 100)
    tab.mouse.up()
    assert 20 < int(slider.get_attribute("aria-valuenow")) < 60

    for key, name in zip("345612", ("coarse", "refined", "difference", "side", "paint", "compare")):
        tab.keyboard.press(key)
        tab.wait_for_selector("#busy", state="hidden")
        assert view(tab) == name
        assert tab.is_hidden("#message")
        if name == "difference":  # bright where the hole is, black around it
            tab.wait_for_timeout(500)
            assert 0.3 < bright_pixels(tab) / first.sum() < 1.2


def test_fill_again_on_the_result_and_back(open_page, rng):
    photo = soft(rng, 200, 300)
    tab = open_page()
    load(tab, encoded(photo))
    stroke(tab, (0.3, 0.4), (0.5, 0.4))
    first = mask_of(tab)
    fill(tab)
    one = result_of(tab)
    tab.click("#clear")
    stroke(tab, (0.4, 0.7), (0.7, 0.7))
    second = mask_of(tab)
    fill(tab, 3)
    two = result_of(tab)
    check_filled(two, photo, first | second)
    np.testing.assert_array_equal(two[~second], one[~second])
    tab.click("#results li:nth-child(2) button")
    np.testing.assert_array_equal(result_of(tab), one)
    tab.click("#results li:nth-child(1) button")
    np.testing.assert_array_equal(result_of(tab), photo)


def test_the_tools_change_the_mask_as_they_say(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 200, 200)))
    tab.click("#invert")
    assert mask_of(tab).all()
    tab.click("#clear")
    assert painted(tab) == ""
    tab.keyboard.press("r")
    stroke(tab, (0.4, 0.4), (0.6, 0.55))
    box = mask_of(tab)
    rows, columns = np.nonzero(box)
    assert box.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)  # a rectangle without gaps

    tab.fill("#grow-by", "5")
    tab.click("#grow")
    away = cv2.distanceTransform((~box).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_array_equal(mask_of(tab), away <= 5)
    tab.click("#shrink")
    grown = (away <= 5).astype(np.uint8)
    inside = cv2.distanceTransform(grown, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_array_equal(mask_of(tab), inside > 5)

    tab.keyboard.press("e")
    stroke(tab, (0.5, 0.3), (0.5, 0.7))
    assert mask_of(tab).sum() < (inside > 5).sum()
    size = tab.inner_text("#brush-shown")
    tab.keyboard.press("]")
    assert tab.inner_text("#brush-shown") != size

    tab.keyboard.press("x")
    tab.keyboard.press("b")
    tab.focus("#canvas")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Enter")  # on the stage: one dab
    assert mask_of(tab).any()


def test_masks_come_in_and_go_out_as_files(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 120, 90)))
    mask = (rng.random((120, 90)) < 0.3).astype(np.uint8) * 255
    file = {"name": "m.png", "mimeType": "image/png", "buffer": encoded(mask)}
    tab.set_input_files("#mask-file", file)
    tab.wait_for_function("() => document.getElementById('mask-rate').textContent")
    np.testing.assert_array_equal(mask_of(tab), mask == 255)
    tab.set_input_files("#mask-file", {**file, "buffer": encoded(mask[:50])})
    assert "50 pixels but the photo is 90 x 120" in message(tab)
    np.testing.assert_array_equal(mask_of(tab), mask == 255)


@pytest.mark.parametrize("way", ["drop", "paste", "sample"])
def test_other_ways_in(open_page, rng, way):
    tab = open_page()
    if way == "sample":
        tab.click("#samples li:nth-child(6) button")
        tab.wait_for_function("() => document.getElementById('photo-name').textContent")
        assert tab.inner_text("#photo-name").startswith("Bison")
        return
    tab.evaluate(
        """([bytes, way]) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "given.png", {type: "image/png"}));
          const event = way === "drop"
            ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
            : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
          document.body.dispatchEvent(event);
        }""",
        [list(encoded(soft(rng, 60, 80))), way],
    )
    tab.wait_for_function("() => document.getElementById('photo-name').textContent")
    assert tab.inner_text("#photo-name") == "given.png · 80 \u00d7 60"


def test_two_models_side_by_side_on_one_mask(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 100, 140)))
    stroke(tab, (0.4, 0.4), (0.6, 0.6))
    tab.select_option("#second", "dark")
    fill(tab, 3)
    assert view(tab) == "side"
    assert re.fullmatch(r"light · \d+\.\d\d s", tab.inner_text("#badge-left"))
    assert re.fullmatch(r"dark · \d+\.\d\d s", tab.inner_text("#badge-right"))
    dark = result_of(tab)
    tab.click("#results li:nth-child(2) button")
    light = result_of(tab)
    hole = mask_of(tab)
    assert light[hole].mean() > dark[hole].mean() + 50
    np.testing.assert_array_equal(light[~hole], dark[~hole])


def test_the_mask_is_kept_for_another_model_and_another_photo(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 100, 140)), "one.png")
    stroke(tab, (0.4, 0.4), (0.6, 0.6))
    hole = mask_of(tab)
    tab.select_option("#model", "dark")
    np.testing.assert_array_equal(mask_of(tab), hole)
    load(tab, encoded(soft(rng, 200, 280)), "two.png")
    twice = hole.repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(mask_of(tab), twice)
    tab.uncheck("#keep-mask")
    load(tab, encoded(soft(rng, 100, 140)), "three.png")
    assert painted(tab) == ""


def test_a_hole_beyond_training_is_warned_of(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 200, 200)))
    tab.keyboard.press("r")
    stroke(tab, (0.35, 0.2), (0.65, 0.8))
    tab.wait_for_selector("#warnings li")
    assert "thick" in tab.inner_text("#warnings")
    tab.keyboard.press("x")
    tab.wait_for_selector("#warnings li", state="detached")


def test_two_tabs_at_once_do_not_mix(open_page, rng):
    photos = [soft(rng, 150, 200), soft(rng, 260, 180)]
    tabs = [open_page(), open_page()]
    holes = []
    for tab, photo in zip(tabs, photos):
        load(tab, encoded(photo))
        stroke(tab, (0.45, 0.4), (0.55, 0.5))
        holes.append(mask_of(tab))
    for tab in tabs:
        tab.click("#fill")
    for tab, photo, hole in zip(tabs, photos, holes):
        tab.wait_for_selector("#results li:nth-child(2)")
        check_filled(result_of(tab), photo, hole)


def test_a_photo_of_24_megapixels(open_page, rng):
    file = encoded(soft(rng, 4000, 6000), "JPEG", quality=90)
    tab = open_page()
    load(tab, file, "large.jpg", "image/jpeg")
    stroke(tab, (0.45, 0.45), (0.47, 0.46))
    hole = mask_of(tab)
    assert hole.shape == (4000, 6000)
    fill(tab)
    check_filled(result_of(tab), decode_image(file, "photo"), hole)


def test_browser_and_server_agree_on_a_rotated_photo(open_page):
    stored = np.full((60, 100, 3), 200, np.uint8)
    stored[:, :30] = (30, 60, 150)  # at the left as stored, on top when upright
    exif = Image.Exif()
    exif[0x0112] = 6
    file = encoded(stored, "JPEG", quality=95, exif=exif)
    photo = decode_image(file, "photo")
    assert photo.shape == (100, 60, 3)
    tab = open_page()
    load(tab, file, "rotated.jpg", "image/jpeg")
    assert tab.inner_text("#photo-name") == "rotated.jpg · 60 \u00d7 100"
    shown = np.array(Image.open(io.BytesIO(tab.locator("#canvas").screenshot())).convert("RGB"))
    blue = (shown[..., 2] > 120) & (shown[..., 0] < 60)
    assert blue.any()
    rows, columns = np.nonzero(blue)
    assert rows.mean() < shown.shape[0] / 2
    assert np.ptp(columns) > np.ptp(rows)  # a band across, not a bar
    frame = tab.locator("#canvas").bounding_box()
    top = (columns.mean() / frame["width"], rows.mean() / frame["height"])
    stroke(tab, top, top)
    hole = mask_of(tab)
    assert np.nonzero(hole)[0].max() < 30
    fill(tab)
    check_filled(result_of(tab), photo, hole, changed=0)


def test_colours_and_transparency_survive_the_browser(open_page, rng):
    """A canvas would premultiply alpha and convert colours; nothing passes through one."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    profile = profile[:16] + b"RGB " + profile[20:]
    pixels = rng.integers(0, 256, (80, 100, 4), dtype=np.uint8)
    tab = open_page()
    load(tab, encoded(pixels, icc_profile=profile))
    stroke(tab, (0.45, 0.4), (0.55, 0.6))
    hole = mask_of(tab)
    fill(tab)
    result = Image.open(io.BytesIO(downloaded(tab, "#download")))
    assert result.info["icc_profile"] == profile
    np.testing.assert_array_equal(np.asarray(result)[~hole], pixels[~hole])


def test_a_format_that_the_browser_cannot_read(open_page, rng):
    photo = soft(rng, 60, 90)
    tab = open_page()
    load(tab, encoded(photo, "TIFF"), "scan.tif", "image/tiff")
    stroke(tab, (0.45, 0.4), (0.55, 0.6))
    hole = mask_of(tab)
    fill(tab)
    check_filled(result_of(tab), photo, hole)


def test_a_corrupt_file_is_told_and_nothing_is_lost(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 100, 140)), "good.png")
    stroke(tab, (0.4, 0.4), (0.6, 0.6))
    hole = mask_of(tab)
    broken = encoded(soft(rng, 100, 140), "JPEG")[:900]
    for name, data, expected in [
        ("broken.jpg", broken, "truncated or damaged"),
        ("text.jpg", b"not a picture", "not an image that can be read"),
        ("none.jpg", b"", "empty"),
    ]:
        tab.set_input_files("#photo-file", {"name": name, "mimeType": "image/jpeg", "buffer": data})
        assert expected in message(tab)
        tab.click("#message-close")
    assert tab.inner_text("#photo-name").startswith("good.png")
    np.testing.assert_array_equal(mask_of(tab), hole)


def test_a_server_that_is_gone_costs_nothing(open_page, serve, rng):
    page = serve()
    photo = soft(rng, 100, 140)
    tab = open_page(page)
    load(tab, encoded(photo))
    stroke(tab, (0.3, 0.4), (0.4, 0.4))
    first = mask_of(tab)
    fill(tab)
    page.stop()
    stroke(tab, (0.3, 0.4), (0.4, 0.4))  # in the compare view: it only moves the photo
    tab.keyboard.press("1")
    tab.keyboard.press("0")
    stroke(tab, (0.6, 0.6), (0.7, 0.7))
    tab.click("#fill")
    assert "The server does not answer" in message(tab)
    both = mask_of(tab)  # saving a mask needs no server
    assert both.sum() > first.sum()
    page.start()
    fill(tab, 3)
    check_filled(result_of(tab), photo, both)


def test_fingers_paint_and_zoom(open_page, rng):
    tab = open_page(has_touch=True, is_mobile=True)
    tab.set_viewport_size({"width": 390, "height": 800})
    load(tab, encoded(soft(rng, 100, 140)))
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    wire = tab.context.new_cdp_session(tab)

    def touch(kind, *points):
        tab.locator("#canvas").scroll_into_view_if_needed()
        frame = tab.locator("#canvas").bounding_box()
        places = [
            {"x": frame["x"] + x * frame["width"], "y": frame["y"] + y * frame["height"], "id": n}
            for n, (x, y) in enumerate(points)
        ]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (0.4, 0.5))
    touch("touchMove", (0.6, 0.5))
    touch("touchEnd")
    tab.wait_for_function("() => document.getElementById('mask-rate').textContent")
    hole = mask_of(tab)
    zoomed = tab.inner_text("#zoom-real")
    touch("touchStart", (0.45, 0.5))
    touch("touchStart", (0.45, 0.5), (0.55, 0.5))
    touch("touchMove", (0.3, 0.5), (0.7, 0.5))
    touch("touchEnd")
    tab.wait_for_function(
        "text => document.getElementById('zoom-real').textContent !== text", arg=zoomed
    )
    np.testing.assert_array_equal(mask_of(tab), hole)  # the first finger's dab was taken back
    tab.tap("#fill")
    tab.wait_for_selector("#results li:nth-child(2)")


def test_the_wheel_zooms_about_the_pointer(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 100, 140)))
    before = tab.inner_text("#zoom-real")
    tab.hover("#canvas")
    tab.mouse.wheel(0, -400)
    tab.wait_for_function(
        "text => document.getElementById('zoom-real').textContent !== text", arg=before
    )
    tab.keyboard.press("0")
    assert tab.inner_text("#zoom-real") == before


def test_everything_has_a_name_for_screen_readers(open_page, rng):
    tab = open_page()
    load(tab, encoded(soft(rng, 100, 140)))
    nameless = tab.evaluate(
        """() => [...document.querySelectorAll("button, input, select, canvas, img, [role]")]
          .filter((one) => !(one.getAttribute("aria-label") || one.innerText?.trim() || one.alt
            || one.labels?.length || one.getAttribute("aria-labelledby")
            || one.closest("#results, [hidden]") || one.getAttribute("role") === "status"))
          .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    tab.keyboard.press("?")
    assert tab.is_visible("#help-dialog")
    tab.keyboard.press("Escape")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement !== document.body")


def test_dark_and_light(open_page):
    def ground(tab):
        return tab.evaluate("getComputedStyle(document.body).backgroundColor")

    dark, light = open_page(color_scheme="dark"), open_page(color_scheme="light")
    assert ground(dark) != ground(light)
    dark.click("#theme")
    assert ground(dark) == ground(light)


def test_a_large_file_is_refused_before_it_is_sent(open_page, serve, rng):
    tab = open_page(serve(limits=Limits(megabytes=0.01)))
    noise = rng.integers(0, 256, (100, 100, 3), dtype=np.uint8)
    file = {"name": "big.png", "mimeType": "image/png", "buffer": encoded(noise)}
    tab.set_input_files("#photo-file", file)
    assert "larger than 0.01 MB" in message(tab)
