// What the page knows. The server knows none of it.

import { Edits } from "./edits.js";
import { Mask } from "./mask.js";
import { Results } from "./results.js";
import { Tiles } from "./tiles.js";

export const state = {
  models: [], // as the server describes them
  limits: null,
  photo: null, // see photo.js
  mask: null,
  edits: null,
  tiles: null,
  results: new Results(),
  view: "paint",
  tool: "brush",
  brush: 40, // diameter in photo pixels
  work: null, // {text, controller} while the server is asked for something
};

/** Takes another photo; the painted mask stays if `keep`, stretched where sizes differ. */
export function setPhoto(photo, keep) {
  const earlier = state.mask;
  for (const bitmap of [state.photo?.bitmap, state.photo?.small]) bitmap?.close();
  state.photo = photo;
  state.results = new Results();
  setMask(keep && earlier ? earlier.stretched(photo.width, photo.height) : null);
}

/** Takes another mask, or an empty one. What was undone or can be undone is forgotten. */
function setMask(mask) {
  state.mask = mask ?? new Mask(state.photo.width, state.photo.height);
  state.edits = new Edits(state.mask);
  state.tiles = new Tiles(state.mask);
}

/** The description of the model of that name. */
export function modelNamed(name) {
  return state.models.find((model) => model.name === name);
}
