// What brush, eraser and rectangle do to the mask, from a pointer or from the keyboard.

export class Tools {
  /** `changed(box, finished)` is told of every change of the mask. */
  constructor(state, stage, changed) {
    this.state = state;
    this.stage = stage;
    this.changed = changed;
    this.last = null;
  }

  get value() {
    return this.state.tool === "eraser" ? 0 : 1;
  }

  begin(point) {
    const { edits, tool } = this.state;
    edits.begin();
    this.last = point;
    if (tool === "rectangle") this.stage.rectangle = [point, point];
    else this.line(point, point);
  }

  move(points) {
    if (!this.last) return;
    for (const point of points) {
      if (this.state.tool === "rectangle") this.stage.rectangle[1] = point;
      else this.line(this.last, point);
      if (this.state.tool !== "rectangle") this.last = point;
    }
    this.stage.draw();
  }

  end() {
    if (!this.last) return;
    const { edits, mask } = this.state;
    if (this.stage.rectangle) {
      const box = mask.rectangle(...this.stage.rectangle, 1);
      edits.touch(box);
      this.changed(box, false);
    }
    this.stage.rectangle = null;
    this.last = null;
    edits.end();
    this.changed(null, true);
  }

  cancel() {
    if (!this.last) return;
    this.stage.rectangle = null;
    this.last = null;
    this.changed(this.state.edits.cancel(), true);
  }

  /** Moves the brush's ring by the arrow keys; gives where it is on the photo. */
  step(dx, dy) {
    const { viewport } = this.stage;
    const { width, height } = viewport.pane;
    const from = this.stage.cursor ?? { x: width / 2, y: height / 2 };
    this.stage.cursor = {
      x: Math.min(width, Math.max(0, from.x + dx)),
      y: Math.min(height, Math.max(0, from.y + dy)),
    };
    this.stage.draw();
    return viewport.toPhoto(this.stage.cursor.x, this.stage.cursor.y);
  }

  /** One dab of the brush where the ring is. */
  dab() {
    if (this.state.tool !== "brush" && this.state.tool !== "eraser") return;
    this.begin(this.step(0, 0));
    this.end();
  }

  line(a, b) {
    const { mask, edits, brush } = this.state;
    const box = mask.stroke(a, b, brush / 2, this.value);
    edits.touch(box);
    this.changed(box, false);
  }
}
