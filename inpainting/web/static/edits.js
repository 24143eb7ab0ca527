// Undo and redo of what was painted: the pixels of the changed box, before and after.

import { union } from "./mask.js";

const MOST_BYTES = 128e6;

let versions = 0;

export class Edits {
  constructor(mask) {
    this.mask = mask;
    this.done = [];
    this.undone = [];
    this.version = nextVersion(); // another number for every state of the mask
    this.open = null;
  }

  /** Begins a step, which may be made of many changes. */
  begin() {
    this.open = { before: this.mask.data.slice(), box: null };
  }

  /** Tells that pixels of a box (or null) were changed. */
  touch(box) {
    this.open.box = union(this.open.box, box);
  }

  /** Ends the step; one that changed no pixel is none. */
  end() {
    const { before, box } = this.open;
    this.open = null;
    if (!box) return;
    const after = this.mask.cut(box);
    const earlier = cutFrom(before, this.mask.width, box);
    if (after.every((value, i) => value === earlier[i])) return;
    this.done.push({ box, before: earlier, after });
    this.undone = [];
    this.version = nextVersion();
    this.forget();
  }

  /** Takes the open step back as if it had not begun; gives the box to show anew. */
  cancel() {
    const { before, box } = this.open;
    this.open = null;
    if (box) this.mask.paste(box, cutFrom(before, this.mask.width, box));
    return box;
  }

  /** One change as one step; `change` gives the box that it changed. */
  step(change) {
    this.begin();
    const box = change();
    this.touch(box);
    this.end();
    return box;
  }

  undo() {
    return this.move(this.done, this.undone, "before");
  }

  redo() {
    return this.move(this.undone, this.done, "after");
  }

  move(from, to, side) {
    const step = from.pop();
    if (!step) return null;
    to.push(step);
    this.mask.paste(step.box, step[side]);
    this.version = nextVersion();
    return step.box;
  }

  forget() {
    let bytes = 0;
    for (let i = this.done.length - 1; i >= 0; i--) {
      bytes += 2 * this.done[i].after.length;
      if (bytes > MOST_BYTES && i < this.done.length - 1) {
        this.done.splice(0, i + 1);
        return;
      }
    }
  }
}

function cutFrom(data, width, box) {
  const columns = box.right - box.left;
  const copy = new Uint8Array(columns * (box.bottom - box.top));
  for (let y = box.top; y < box.bottom; y++) {
    const start = y * width;
    copy.set(data.subarray(start + box.left, start + box.right), (y - box.top) * columns);
  }
  return copy;
}

function nextVersion() {
  return ++versions;
}
