// A photo in the browser: its file, which is what the server gets, and bitmaps to look at.

import { post, postForFile } from "./server.js";

const LARGE = 4e6; // pixels; larger photos get a small copy for looking at the whole

/**
 * Opens a photo. The browser decodes it to show it and the server to fill it; both must see the same
 * pixels. Where they differ (orientation), or the browser can't read the format, the server's copy
 * is shown. Throws an Error that a person can read.
 */
export async function openPhoto(file, name) {
  const [answer, decoded] = await Promise.allSettled([
    post("photo", {}, [file]),
    createImageBitmap(file),
  ]);
  if (answer.status === "rejected") throw answer.reason;
  const [{ width, height, transparent }] = answer.value;
  let bitmap = decoded.status === "fulfilled" ? decoded.value : null;
  if (!bitmap || bitmap.width !== width || bitmap.height !== height) {
    bitmap = await createImageBitmap(await postForFile("result", { boxes: [] }, [file]));
  }
  const scale = Math.sqrt(LARGE / 2 / (width * height));
  const small =
    width * height > LARGE
      ? await createImageBitmap(bitmap, {
          resizeWidth: Math.round(width * scale),
          resizeHeight: Math.round(height * scale),
          resizeQuality: "high",
        })
      : null;
  return { file, name, width, height, transparent, bitmap, small };
}

/** Draws a photo and patches in the photo's coordinates; `scale` is that of the screen. */
export function drawPhoto(context, photo, patches, scale) {
  context.imageSmoothingEnabled = scale < 3; // close up, pixels are pixels
  context.imageSmoothingQuality = "high";
  const small = photo.small && scale * photo.width <= photo.small.width;
  context.drawImage(small ? photo.small : photo.bitmap, 0, 0, photo.width, photo.height);
  for (const { box, bitmap } of patches) {
    const [left, top, width, height] = box;
    context.save();
    context.beginPath();
    context.rect(...inner(box, photo));
    context.clip();
    if (photo.transparent) context.clearRect(left, top, width, height); // and so may the patch
    context.drawImage(bitmap, left, top, width, height);
    context.restore();
  }
}

/** A patch without its rim, which is the photo's own: smoothing at a picture's edge would show. */
function inner([left, top, width, height], photo) {
  const x = left > 0 ? 1 : 0;
  const y = top > 0 ? 1 : 0;
  const right = left + width < photo.width ? 1 : 0;
  const bottom = top + height < photo.height ? 1 : 0;
  return [left + x, top + y, width - x - right, height - y - bottom];
}
