// Draws what the chosen view shows, once a frame at most.

import { drawPhoto } from "./photo.js";
import { Viewport } from "./viewport.js";

/** The views, as the tabs name them. Only `paint` shows the mask. */
export const VIEWS = ["paint", "compare", "coarse", "refined", "difference", "side"];

export class Stage {
  constructor(canvas, state) {
    this.canvas = canvas;
    this.state = state;
    this.viewport = new Viewport();
    this.split = 0.5; // of the stage's width, where before ends and after begins
    this.cursor = null; // {x, y} on the pane, where the brush is shown
    this.rectangle = null; // two corners on the photo, while one is drawn
    this.frames = null;
    this.waiting = false;
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
  }

  /** The panes of the view: one, or two beside or above each other. */
  get panes() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.state.view !== "side") return [{ x: 0, y: 0, width, height }];
    if (width >= height) {
      const half = width / 2;
      return [0, half].map((x) => ({ x, y: 0, width: half, height }));
    }
    const half = height / 2;
    return [0, half].map((y) => ({ x: 0, y, width, height: half }));
  }

  resize() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    const [{ width, height }] = this.panes;
    const photo = this.state.photo ?? { width: 1, height: 1 };
    this.viewport.resize({ width: photo.width, height: photo.height }, { width, height });
    this.draw();
  }

  /** Where a pointer is: its pane's own coordinates. */
  locate(event) {
    const frame = this.canvas.getBoundingClientRect();
    const x = event.clientX - frame.left;
    const y = event.clientY - frame.top;
    const pane = this.panes.findLast((one) => x >= one.x && y >= one.y) ?? this.panes[0];
    return { x: x - pane.x, y: y - pane.y };
  }

  /** Asks for a new picture; resolves when it can be seen. */
  draw() {
    this.waiting ||= new Promise((resolve) => {
      requestAnimationFrame(() => {
        this.waiting = false;
        this.paint();
        requestAnimationFrame(resolve);
      });
    });
    return this.waiting;
  }

  paint() {
    const context = this.canvas.getContext("2d");
    const ratio = this.canvas.width / Math.max(1, this.canvas.clientWidth);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.state.photo) return;
    this.panes.forEach((pane, index) => {
      context.save();
      context.setTransform(ratio, 0, 0, ratio, pane.x * ratio, pane.y * ratio);
      clip(context, 0, 0, pane.width, pane.height);
      this.paintPane(context, pane, index);
      context.restore();
    });
  }

  paintPane(context, pane, index) {
    const { view, results, tiles } = this.state;
    if (view === "side") {
      this.paintResult(context, results.pair[index]);
    } else if (view === "compare") {
      const edge = this.split * pane.width;
      context.save();
      clip(context, 0, 0, edge, pane.height);
      this.paintResult(context, results.original);
      context.restore();
      clip(context, edge, 0, pane.width - edge, pane.height);
      this.paintResult(context, results.current);
    } else if (view === "difference") {
      this.paintDifference(context, pane);
    } else if (view === "coarse" || view === "refined") {
      this.paintFrame(context, view);
    } else {
      this.paintResult(context, results.current);
      this.inPhoto(context, () => {
        tiles.draw(context);
        this.paintRectangle(context);
      });
      this.paintCursor(context);
    }
  }

  paintResult(context, result) {
    const { photo } = this.state;
    this.inPhoto(context, (scale) => drawPhoto(context, photo, result.patches, scale));
  }

  /** The network's frame over the photo, which is dimmed where the frame ends. */
  paintFrame(context, name) {
    this.paintResult(context, this.state.results.current.parent);
    if (!this.frames) return;
    this.inPhoto(context, (scale) => {
      const { photo } = this.state;
      const [left, top, width, height] = this.frames.box;
      context.fillStyle = "rgb(0 0 0 / 55%)";
      context.fillRect(0, 0, photo.width, photo.height);
      context.imageSmoothingEnabled = true;
      context.drawImage(this.frames[name], left, top, width, height);
      context.lineWidth = 1.5 / scale;
      context.strokeStyle = "white";
      context.strokeRect(left, top, width, height);
    });
  }

  /** |before - after|, eight times as bright, on black. */
  paintDifference(context, pane) {
    const { results } = this.state;
    const after = document.createElement("canvas");
    Object.assign(after, { width: this.canvas.width, height: this.canvas.height });
    const other = after.getContext("2d");
    other.setTransform(context.getTransform());
    this.paintResult(other, results.current);
    this.paintResult(context, results.original);
    context.globalCompositeOperation = "difference";
    context.drawImage(after, 0, 0, pane.width, pane.height);
    context.globalCompositeOperation = "lighter";
    for (let doubling = 0; doubling < 3; doubling++) {
      context.drawImage(this.canvas, 0, 0, pane.width, pane.height);
    }
  }

  paintCursor(context) {
    const { tool, brush } = this.state;
    if (!this.cursor || (tool !== "brush" && tool !== "eraser")) return;
    const radius = Math.max(1, (brush / 2) * this.viewport.scale);
    for (const [colour, width] of [["rgb(0 0 0 / 70%)", 3], ["white", 1.25]]) {
      context.beginPath();
      context.arc(this.cursor.x, this.cursor.y, radius, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }

  paintRectangle(context) {
    if (!this.rectangle) return;
    const [a, b] = this.rectangle;
    context.fillStyle = "rgb(255 55 90 / 45%)";
    context.fillRect(a.x, a.y, b.x - a.x, b.y - a.y);
    context.strokeStyle = "white";
    context.lineWidth = 1.5 / this.viewport.scale;
    context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
  }

  inPhoto(context, draw) {
    const { x, y, scale } = this.viewport;
    context.save();
    context.translate(x, y);
    context.scale(scale, scale);
    draw(scale * (window.devicePixelRatio || 1));
    context.restore();
  }
}

function clip(context, x, y, width, height) {
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
}
