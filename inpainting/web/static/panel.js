// Brings what is shown beside the stage up to date with the state.

import { drawPhoto } from "./photo.js";
import { modelNamed, state } from "./state.js";

export const byId = (id) => document.getElementById(id);

const VIEW_NAMES = {
  paint: "the photo with the mask",
  compare: "before and after",
  coarse: "the network's coarse picture",
  refined: "the network's refined picture",
  difference: "what the fill changed, brightened",
  side: "two results side by side",
};

/** Everything that is cheap; called after every step. */
export function showState(stage) {
  const { photo, view, tool, results, edits, mask, work } = state;
  const painted = Boolean(mask?.any);
  byId("empty").hidden = Boolean(photo);
  document.body.toggleAttribute("data-photo", Boolean(photo));
  byId("photo-name").textContent = photo
    ? `${photo.name} · ${photo.width} × ${photo.height}`
    : "";
  byId("download").disabled = !photo || Boolean(work);
  byId("fill").disabled = !work && (!photo || !painted);
  byId("fill").querySelector("span").textContent = work?.controller ? "Cancel" : "Fill";
  byId("undo").disabled = !edits?.done.length;
  byId("redo").disabled = !edits?.undone.length;
  for (const id of ["grow", "shrink", "clear", "mask-save"]) byId(id).disabled = !painted;
  for (const id of ["invert", "mask-open"]) byId(id).disabled = !photo;
  if (byId("mask-rate").dataset.version !== `${edits?.version}`) {
    byId("mask-rate").dataset.version = edits?.version; // counting takes time on large photos
    byId("mask-rate").textContent = painted ? share(mask.rate) : "";
  }
  for (const button of document.querySelectorAll("[data-tool]")) {
    const chosen = button.dataset.tool === tool;
    button.setAttribute("aria-checked", chosen);
    button.tabIndex = chosen ? 0 : -1;
    button.disabled = !photo;
  }
  for (const button of document.querySelectorAll("[data-view]")) {
    const chosen = button.dataset.view === view;
    button.setAttribute("aria-selected", chosen);
    button.tabIndex = chosen ? 0 : -1;
    button.disabled = button.dataset.view === "paint" ? !photo : !results.filled;
  }
  byId("busy").hidden = !work;
  byId("busy-text").textContent = work?.text ?? "";
  showStage(stage);
}

function showStage(stage) {
  const { photo, view, tool, results } = state;
  const { canvas } = stage;
  canvas.toggleAttribute("data-grab", view !== "paint" || tool === "hand");
  canvas.toggleAttribute("data-ring", view === "paint" && (tool === "brush" || tool === "eraser"));
  const what = photo ? `${photo.name}: ${VIEW_NAMES[view]}` : "No photo yet";
  canvas.setAttribute("aria-label", what);
  byId("slider").hidden = view !== "compare" || !photo;
  byId("zoom").hidden = !photo;
  byId("stage").classList.toggle("halves", view === "side");
  byId("stage").classList.toggle("tall", canvas.clientWidth < canvas.clientHeight);
  const badges = { compare: ["Before", "After"], coarse: ["Coarse"], refined: ["Refined"] };
  badges.difference = ["Difference, 8 times as bright"];
  badges.side = results.pair.map((result) => [result?.label, time(result)].filter(Boolean).join(" · "));
  const [left = "", right = ""] = badges[view] ?? [];
  byId("badge-left").textContent = left;
  byId("badge-right").textContent = right;
  showZoom(stage);
}

export function showZoom(stage) {
  byId("zoom-real").textContent = `${Math.round(100 * stage.viewport.scale)} %`;
}

/** The list of results, with `choose(result)` on a click. */
export function showResults(choose) {
  const { list, current } = state.results;
  byId("results").hidden = list.length < 2;
  byId("results-none").hidden = list.length > 1;
  byId("results").replaceChildren(
    ...list.map((result) => {
      const button = document.createElement("button");
      button.setAttribute("aria-pressed", result === current);
      const title = result.number ? `${result.number}. ${result.label}` : result.label;
      const caption = document.createElement("span");
      caption.append(element("b", title), element("i", time(result)));
      button.append(thumbnail(result), caption);
      button.addEventListener("click", () => choose(result));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
}

/** Sentences about the hole; empty for none. */
export function showWarnings(sentences) {
  byId("warnings").replaceChildren(...sentences.map((sentence) => element("li", sentence)));
}

/** What the model is good for. */
export function showModel(name) {
  byId("purpose").textContent = modelNamed(name)?.purpose ?? "";
}

/** What the time from click to picture was made of: `[[name, milliseconds], ...]`. */
export function showTiming(total, parts) {
  byId("timing").hidden = false;
  byId("timing").dataset.timing = JSON.stringify({ total, parts: Object.fromEntries(parts) });
  byId("timing-total").textContent = seconds(total);
  const table = byId("timing-parts");
  table.replaceChildren();
  for (const [name, milliseconds] of parts) {
    const row = table.insertRow();
    row.insertCell().textContent = name;
    row.insertCell().textContent = `${milliseconds.toFixed(0)} ms`;
  }
}

function thumbnail(result) {
  const { photo } = state;
  const canvas = document.createElement("canvas");
  canvas.width = 256;
  canvas.height = Math.max(1, Math.min(512, Math.round((256 * photo.height) / photo.width)));
  const context = canvas.getContext("2d");
  context.scale(canvas.width / photo.width, canvas.height / photo.height);
  drawPhoto(context, photo, result.patches, canvas.width / photo.width);
  return canvas;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function time(result) {
  return result?.took ? seconds(result.took) : "";
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function share(rate) {
  const percent = 100 * rate;
  return `${percent < 0.1 ? "under 0.1" : percent.toFixed(1)} % of the photo`;
}
