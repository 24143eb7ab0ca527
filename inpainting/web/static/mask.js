// The mask: one byte a pixel of the photo, 1 = hole. Exact; no canvas and no half-covered pixels.

import { spread } from "./morphology.js";

/** The smallest box around two; either may be null. Boxes are {left, top, right, bottom}, ends excluded. */
export function union(a, b) {
  if (!a || !b) return a ?? b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

export class Mask {
  constructor(width, height, data = new Uint8Array(width * height)) {
    this.width = width;
    this.height = height;
    this.data = data;
  }

  get everywhere() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  /** Whether anything is hole. */
  get any() {
    return this.data.includes(1);
  }

  /** Hole pixels / all pixels. */
  get rate() {
    const { data } = this;
    let count = 0;
    for (let i = 0; i < data.length; i++) count += data[i];
    return count / data.length;
  }

  /** Sets all pixels within `radius` of the line from a to b ({x, y}); gives the box changed. */
  stroke(a, b, radius, value) {
    const box = this.clipped({
      left: Math.floor(Math.min(a.x, b.x) - radius),
      top: Math.floor(Math.min(a.y, b.y) - radius),
      right: Math.ceil(Math.max(a.x, b.x) + radius) + 1,
      bottom: Math.ceil(Math.max(a.y, b.y) + radius) + 1,
    });
    if (!box) return null;
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const square = dx * dx + dy * dy || 1;
    const limit = Math.max(radius, 0.71) ** 2; // even the smallest brush meets one pixel's middle
    for (let y = box.top; y < box.bottom; y++) {
      const py = y + 0.5 - a.y;
      for (let x = box.left; x < box.right; x++) {
        const px = x + 0.5 - a.x;
        const t = Math.min(1, Math.max(0, (px * dx + py * dy) / square));
        if ((px - t * dx) ** 2 + (py - t * dy) ** 2 <= limit) this.data[y * this.width + x] = value;
      }
    }
    return box;
  }

  /** Sets the rectangle between two corners ({x, y}), every pixel that they touch. */
  rectangle(a, b, value) {
    const box = this.clipped({
      left: Math.floor(Math.min(a.x, b.x)),
      top: Math.floor(Math.min(a.y, b.y)),
      right: Math.ceil(Math.max(a.x, b.x)),
      bottom: Math.ceil(Math.max(a.y, b.y)),
    });
    if (!box) return null;
    for (let y = box.top; y < box.bottom; y++) {
      this.data.fill(value, y * this.width + box.left, y * this.width + box.right);
    }
    return box;
  }

  clear() {
    this.data.fill(0);
    return this.everywhere;
  }

  invert() {
    const { data } = this;
    for (let i = 0; i < data.length; i++) data[i] ^= 1;
    return this.everywhere;
  }

  /** Grows the hole by `pixels` all round, or shrinks it where they are negative. */
  grow(pixels) {
    const around = this.bounds();
    if (!around || !pixels) return null;
    const margin = Math.abs(pixels) + 1;
    const box = this.clipped({
      left: around.left - margin,
      top: around.top - margin,
      right: around.right + margin,
      bottom: around.bottom + margin,
    });
    spread(this.data, this.width, box, Math.abs(pixels), pixels > 0 ? 1 : 0);
    return box;
  }

  /** The smallest box around the hole, or null. */
  bounds() {
    const { data, width, height } = this;
    const first = data.indexOf(1);
    if (first < 0) return null;
    const top = Math.floor(first / width);
    const bottom = Math.floor(data.lastIndexOf(1) / width) + 1;
    let [left, right] = [width, 0];
    for (let y = top; y < bottom; y++) {
      const row = data.subarray(y * width, (y + 1) * width);
      const start = row.subarray(0, left).indexOf(1);
      if (start >= 0) left = start;
      const end = row.subarray(right).lastIndexOf(1);
      if (end >= 0) right += end + 1;
    }
    return { left, top, right: Math.min(right, width), bottom: Math.min(bottom, height) };
  }

  /** A copy of the pixels in a box. */
  cut(box) {
    const columns = box.right - box.left;
    const copy = new Uint8Array(columns * (box.bottom - box.top));
    for (let y = box.top; y < box.bottom; y++) {
      const start = y * this.width;
      copy.set(this.data.subarray(start + box.left, start + box.right), (y - box.top) * columns);
    }
    return copy;
  }

  /** Puts back what `cut` gave. */
  paste(box, copy) {
    const columns = box.right - box.left;
    for (let y = box.top; y < box.bottom; y++) {
      const row = copy.subarray((y - box.top) * columns, (y - box.top + 1) * columns);
      this.data.set(row, y * this.width + box.left);
    }
  }

  /** As bits, the first pixel in the highest, each row filled up to a byte. */
  toBits() {
    const { width, height, data } = this;
    const row = Math.ceil(width / 8);
    const bits = new Uint8Array(row * height);
    const box = this.bounds() ?? { top: 0, bottom: 0 };
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) {
        if (data[y * width + x]) bits[y * row + (x >> 3)] |= 128 >> (x & 7);
      }
    }
    return bits;
  }

  static fromBits(width, height, bits) {
    const mask = new Mask(width, height);
    const row = Math.ceil(width / 8);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        mask.data[i] = (bits[y * row + (x >> 3)] >> (7 - (x & 7))) & 1;
      }
    }
    return mask;
  }

  /** The same mask for a photo of another size, stretched by nearest pixels. */
  stretched(width, height) {
    if (width === this.width && height === this.height) return this;
    const other = new Mask(width, height);
    for (let y = 0, i = 0; y < height; y++) {
      const row = Math.floor(((y + 0.5) * this.height) / height) * this.width;
      for (let x = 0; x < width; x++, i++) {
        other.data[i] = this.data[row + Math.floor(((x + 0.5) * this.width) / width)];
      }
    }
    return other;
  }

  clipped(box) {
    const inside = {
      left: Math.max(0, box.left),
      top: Math.max(0, box.top),
      right: Math.min(this.width, box.right),
      bottom: Math.min(this.height, box.bottom),
    };
    return inside.left < inside.right && inside.top < inside.bottom ? inside : null;
  }
}
