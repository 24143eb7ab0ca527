// From the click on Fill to the picture: the request, the result, and what the time was made of.

import { showTiming } from "./panel.js";
import { requestFill } from "./results.js";
import { state } from "./state.js";

/**
 * Fills what is painted, on the current result, with each of `models`; `shown()` brings the page up
 * to date and resolves when the new picture can be seen. Throws what the server refuses.
 */
export async function fill(models, shown) {
  const began = performance.now();
  const { photo, mask, edits, results } = state;
  const controller = new AbortController();
  const parent = results.current;
  const version = edits.version;
  const hole = mask.toBits();
  const prepared = performance.now();
  let last = null;
  for (const model of models) {
    state.work = { text: `Filling with ${model} …`, controller };
    shown();
    const answer = await requestFill(photo, parent, model, hole, controller.signal);
    if (state.photo !== photo) return null; // another photo came in the meantime
    last = results.add(parent, { ...answer, version });
  }
  state.work = null;
  state.view = models.length > 1 ? "side" : "compare";
  await shown(last);
  const seen = performance.now();
  if (models.length === 1) showTiming(seen - began, split(last, began, prepared, seen));
  return last;
}

/** The stages of one fill, in milliseconds; they add up to the whole. */
function split(result, began, prepared, seen) {
  const { times, received } = result;
  const server = Object.values(times).reduce((sum, one) => sum + one, 0);
  return [
    ["mask to bits", prepared - began],
    ["to and from the server", received - prepared - server],
    ...Object.entries(times),
    ["decode and draw", seen - received],
  ];
}
