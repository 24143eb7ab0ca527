// The page: connects state, stage, tools and server. Nothing else changes the state but what is here.

import { fill } from "./filling.js";
import { Mask } from "./mask.js";
import { toPng } from "./mask_file.js";
import { quiet, tell } from "./messages.js";
import { connectOpening, save, showSamples } from "./opening.js";
import { byId, showModel, showResults, showState, showWarnings, showZoom } from "./panel.js";
import { openPhoto } from "./photo.js";
import { connectPointers } from "./pointer.js";
import { requestFrames } from "./results.js";
import { get, post, postForFile } from "./server.js";
import { connectShortcuts, fillHelp } from "./shortcuts.js";
import { connectSlider } from "./slider.js";
import { Stage, VIEWS } from "./stage.js";
import { setPhoto, state } from "./state.js";
import { Tools } from "./tools.js";

const stage = new Stage(byId("canvas"), state);
const tools = new Tools(state, stage, maskChanged);
let held = false; // the space bar: a drag moves the photo

// --- what is shown

function refresh() {
  showState(stage);
  return stage.draw();
}

function setView(view) {
  if (view !== "paint" && !state.results.filled) return;
  const other = (view === "side") !== (state.view === "side");
  state.view = view;
  if (other) stage.resize();
  if (view === "coarse" || view === "refined") showFrames();
  refresh();
}

async function showFrames() {
  const { photo, results, view } = state;
  const result = results.current;
  stage.frames = null;
  const frames = await during("Asking for the network's own picture …", () =>
    requestFrames(photo, result),
  );
  if (frames && state.results.current === result && state.view === view) stage.frames = frames;
  stage.draw();
}

function chooseResult(result) {
  state.results.current = result;
  showWarnings(result.warnings ?? []);
  showResults(chooseResult);
  const view = result === state.results.original ? "paint" : state.view;
  setView(view === "paint" && result !== state.results.original ? "compare" : view);
}

/** Runs work that asks the server; tells its mistake and gives null then. */
async function during(text, work) {
  state.work = { text };
  refresh();
  try {
    return await work();
  } catch (error) {
    tell(error.message, "mistake");
    return null;
  } finally {
    state.work = null;
    refresh();
  }
}

// --- photo and mask

async function open(file, name) {
  const keep = byId("keep-mask").checked;
  quiet();
  const photo = await during("Opening …", async () => {
    const blob = await file;
    if (blob.size > state.limits.megabytes * 1e6) {
      throw new Error(`${name} is larger than ${state.limits.megabytes} MB, the most this page takes.`);
    }
    return openPhoto(blob, name);
  });
  if (!photo) return;
  const kept = keep && state.mask?.any;
  setPhoto(photo, keep);
  state.view = "paint";
  stage.frames = null;
  stage.viewport.fitted = true;
  setBrush(Math.max(4, Math.round(0.06 * Math.max(photo.width, photo.height))));
  byId("timing").hidden = true;
  showResults(chooseResult);
  stage.resize();
  refresh();
  checkSoon();
  if (kept) tell("The mask was kept. X clears it.");
}

function maskChanged(box, finished) {
  state.tiles.update(box);
  stage.draw();
  if (finished) {
    showState(stage);
    checkSoon();
  }
}

/** Changes the mask in one step that can be undone; `change` gives the box it changed. */
function changeMask(change) {
  if (!state.photo || state.edits.open) return; // not in the midst of a stroke
  if (state.view !== "paint") setView("paint");
  maskChanged(state.edits.step(change), true);
}

function undoOrRedo(which) {
  if (!state.edits || state.edits.open) return;
  if (state.view !== "paint") setView("paint");
  maskChanged(state.edits[which](), true);
}

async function openMask(file) {
  const { width, height } = state.photo;
  const answer = await during("Reading the mask …", () => post("mask", { size: [width, height] }, [file]));
  if (!answer) return;
  const loaded = Mask.fromBits(width, height, answer[1][0]);
  changeMask(() => {
    state.mask.data.set(loaded.data);
    return state.mask.everywhere;
  });
}

async function saveMask() {
  const { mask, photo } = state;
  if (!mask?.any) return;
  save(await toPng(mask.width, mask.height, mask.toBits()), `${stem(photo.name)}_mask.png`);
}

function growMask(sign) {
  const pixels = Math.min(200, Math.max(1, Math.round(Number(byId("grow-by").value) || 1)));
  changeMask(() => state.mask.grow(sign * pixels));
}

/** Asks, when painting rests, whether the model knows such holes. */
let resting = 0;
let asking = null;
function checkSoon() {
  clearTimeout(resting);
  asking?.abort();
  resting = setTimeout(async () => {
    const { photo, mask } = state;
    if (!photo || state.work) return;
    if (!mask.any) return showWarnings([]);
    asking = new AbortController();
    const fields = { model: byId("model").value, size: [photo.width, photo.height] };
    const answer = await post("check", fields, [mask.toBits()], asking.signal).catch(() => null);
    if (answer) showWarnings(answer[0].warnings);
  }, 500);
}

// --- filling

async function fillNow() {
  if (state.work) return state.work.controller?.abort();
  if (!state.photo || !state.mask.any) return undefined;
  clearTimeout(resting);
  asking?.abort();
  quiet();
  const models = [byId("model").value, byId("second").value].filter(Boolean);
  try {
    const result = await fill([...new Set(models)], shown);
    if (result) showWarnings(result.warnings);
  } catch (error) {
    if (error.name !== "AbortError") tell(error.message, "mistake");
  } finally {
    state.work = null;
    showResults(chooseResult);
    refresh();
  }
  return undefined;
}

function shown(result) {
  if (!result) return refresh();
  stage.frames = null;
  if (state.view === "side") stage.resize();
  return refresh();
}

async function download() {
  const { photo, results } = state;
  if (!photo || state.work) return;
  const { patches } = results.current;
  const file = await during("Making the PNG at full size …", () =>
    postForFile("result", { boxes: patches.map((patch) => patch.box) }, [
      photo.file,
      ...patches.map((patch) => patch.bytes),
    ]),
  );
  if (file) save(file, `${stem(photo.name)}_filled.png`);
}

function stem(name) {
  return name.replace(/\.[^.]*$/, "") || "photo";
}

// --- controls

function setTool(tool) {
  state.tool = tool;
  if (state.view !== "paint" && tool !== "hand") setView("paint");
  refresh();
}

/** The slider runs through sizes evenly by ratio, from 1 pixel to half of the photo. */
function brushRange() {
  const { photo } = state;
  return Math.max(8, 0.5 * Math.max(photo?.width ?? 512, photo?.height ?? 512));
}

function setBrush(pixels) {
  state.brush = Math.min(brushRange(), Math.max(1, pixels));
  byId("brush-size").value = (100 * Math.log(state.brush)) / Math.log(brushRange());
  byId("brush-shown").textContent = `${Math.round(state.brush)} px`;
  stage.draw();
}

function zoom(factor) {
  stage.viewport.zoom(factor);
  showZoom(stage);
  stage.draw();
}

function fit() {
  stage.viewport.fit();
  showZoom(stage);
  stage.draw();
}

const help = byId("help-dialog");
const actions = {
  brush: () => setTool("brush"),
  eraser: () => setTool("eraser"),
  rectangle: () => setTool("rectangle"),
  hand: () => setTool("hand"),
  smaller: () => setBrush(Math.min(state.brush - 1, state.brush / 1.2)),
  larger: () => setBrush(Math.max(state.brush + 1, state.brush * 1.2)),
  undo: () => undoOrRedo("undo"),
  redo: () => undoOrRedo("redo"),
  invert: () => changeMask(() => state.mask.invert()),
  clear: () => changeMask(() => state.mask.clear()),
  grow: () => growMask(1),
  shrink: () => growMask(-1),
  fill: fillNow,
  view: (event) => setView(VIEWS[Number(event.key) - 1]),
  zoomIn: () => zoom(1.25),
  zoomOut: () => zoom(0.8),
  fit,
  download,
  help: () => help.showModal(),
  open: connectOpening(open),
};

const BUTTONS = {
  undo: "undo",
  redo: "redo",
  invert: "invert",
  clear: "clear",
  grow: "grow",
  shrink: "shrink",
  fill: "fill",
  download: "download",
  help: "help",
  "zoom-in": "zoomIn",
  "zoom-out": "zoomOut",
  "zoom-fit": "fit",
};

function connect() {
  for (const [id, name] of Object.entries(BUTTONS)) byId(id).addEventListener("click", actions[name]);
  for (const button of document.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", () => setTool(button.dataset.tool));
  }
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => setView(button.dataset.view));
  }
  for (const list of document.querySelectorAll("[role=tablist], [role=radiogroup]")) {
    list.addEventListener("keydown", moveInList);
  }
  byId("zoom-real").addEventListener("click", () => zoom(1 / stage.viewport.scale));
  byId("brush-size").addEventListener("input", (event) =>
    setBrush(brushRange() ** (event.target.value / 100)),
  );
  byId("model").addEventListener("change", (event) => {
    showModel(event.target.value);
    checkSoon();
  });
  byId("mask-open").addEventListener("click", () => byId("mask-file").click());
  byId("mask-save").addEventListener("click", saveMask);
  byId("mask-file").addEventListener("change", ({ target }) => {
    if (target.files[0]) openMask(target.files[0]);
    target.value = "";
  });
  byId("theme").addEventListener("click", switchTheme);
  connectSlider(byId("slider"), stage);
  connectShortcuts(actions);
  fillHelp(byId("help-table"));
  connectPointers(stage, {
    begin: (point) => tools.begin(point),
    move: (points) => tools.move(points),
    end: () => tools.end(),
    cancel: () => tools.cancel(),
    grabs: () => !state.photo || held || state.tool === "hand" || state.view !== "paint",
    hover: () => stage.draw(),
    zoomed: () => {
      showZoom(stage);
      stage.draw();
    },
  });
  stage.canvas.addEventListener("keydown", moveBrush);
  document.addEventListener("keydown", (event) => holdSpace(event, true));
  document.addEventListener("keyup", (event) => holdSpace(event, false));
  window.addEventListener("beforeunload", (event) => {
    if (state.mask?.any || state.results.filled) event.preventDefault();
  });
}

/** Arrow keys in a list of tabs or tools, as screen readers expect them. */
function moveInList(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...event.currentTarget.querySelectorAll("button:not(:disabled)")];
  const next = buttons.at((buttons.indexOf(event.target) + step) % buttons.length);
  next.focus();
  next.click();
  event.preventDefault();
}

/** On the stage, arrow keys move the brush's ring and Enter dabs. */
function moveBrush(event) {
  if (state.view !== "paint" || !state.photo || event.ctrlKey || event.metaKey) return;
  const step = event.shiftKey ? 1 : 10;
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.key in ways) tools.step(...ways[event.key].map((way) => way * step));
  else if (event.key === "Enter") tools.dab();
  else return;
  event.preventDefault();
}

function holdSpace(event, down) {
  if (event.key !== " " || event.target.closest("button, input, select, a, summary")) return;
  held = down;
  stage.canvas.toggleAttribute("data-grab", down || state.tool === "hand" || state.view !== "paint");
  event.preventDefault();
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

function option(name, text = name) {
  return new Option(text, name);
}

async function start() {
  connect();
  setBrush(state.brush);
  refresh();
  try {
    const page = await get("api/page");
    Object.assign(state, { models: page.models, limits: page.limits });
    const names = page.models.map((model) => model.name);
    byId("model").replaceChildren(...names.map((name) => option(name)));
    byId("second").replaceChildren(option("", "nothing"), ...names.map((name) => option(name)));
    byId("second-field").hidden = names.length < 2;
    showModel(names[0]);
    showSamples(page.samples, open);
  } catch (error) {
    tell(error.message, "mistake");
  }
  document.body.dataset.ready = "";
}

start();
