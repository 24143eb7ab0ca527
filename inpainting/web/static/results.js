// What was filled so far. Each result is the photo with patches; the first has none: the original.

import { post } from "./server.js";

const MOST = 24;

export class Results {
  constructor() {
    this.list = [{ number: 0, label: "Original", patches: [] }];
    this.current = this.list[0];
    this.numbers = 0;
  }

  get original() {
    return this.list[0];
  }

  get filled() {
    return this.current !== this.original;
  }

  /** Adds the fill of `parent` and makes it the current result. */
  add(parent, fill) {
    const inside = (box) => contains(fill.patch.box, box);
    const patches = [...parent.patches.filter((patch) => !inside(patch.box)), fill.patch];
    const result = { ...fill, number: ++this.numbers, label: fill.model, parent, patches };
    this.list.push(result);
    if (this.list.length > MOST) this.list.splice(1, 1);
    this.current = result;
    return result;
  }

  /** Two results to look at side by side: the last two models on one mask, else before and after. */
  get pair() {
    const { current } = this;
    const other = this.list.findLast(
      (result) =>
        result !== current && result.version === current.version && result.model !== current.model,
    );
    if (!other) return [current.parent ?? this.original, current];
    return other.number < current.number ? [other, current] : [current, other];
  }
}

/** Asks the server to fill; gives what `Results.add` takes. */
export async function requestFill(photo, parent, model, hole, signal) {
  const [fields, [png]] = await post("fill", ...question(photo, parent, model, hole), signal);
  const received = performance.now();
  const bytes = png.slice(); // of its own, so that the whole answer can be freed
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { box, times, warnings, fill } = fields;
  return { patch: { box, bytes, bitmap }, model, hole, times, took: fill, warnings, received };
}

/** The network's own frames of a result, asked for once: `{box, coarse, refined}`, bitmaps. */
export async function requestFrames(photo, result) {
  result.frames ??= post("frames", ...question(photo, result.parent, result.model, result.hole))
    .then(async ([{ box }, files]) => {
      const [coarse, refined] = await Promise.all(
        files.map((file) => createImageBitmap(new Blob([file], { type: "image/png" }))),
      );
      return { box, coarse, refined };
    })
    .catch((error) => {
      result.frames = null;
      throw error;
    });
  return result.frames;
}

function question(photo, parent, model, hole) {
  const boxes = parent.patches.map((patch) => patch.box);
  return [{ model, boxes }, [photo.file, hole, ...parent.patches.map((patch) => patch.bytes)]];
}

function contains([left, top, width, height], [x, y, w, h]) {
  return x >= left && y >= top && x + w <= left + width && y + h <= top + height;
}
