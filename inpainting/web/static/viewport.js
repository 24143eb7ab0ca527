// Where the photo lies on the stage: photo pixel p is shown at p * scale + (x, y), in CSS pixels.

const MOST = 32;

export class Viewport {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.fitted = true;
    this.photo = { width: 1, height: 1 };
    this.pane = { width: 1, height: 1 };
  }

  /** Shows all of the photo, never enlarged beyond twice. */
  fit() {
    const { photo, pane } = this;
    const margin = Math.min(24, 0.04 * pane.width);
    const room = { width: pane.width - 2 * margin, height: pane.height - 2 * margin };
    this.scale = Math.min(room.width / photo.width, room.height / photo.height, 2);
    this.centre();
    this.fitted = true;
  }

  centre() {
    this.x = (this.pane.width - this.photo.width * this.scale) / 2;
    this.y = (this.pane.height - this.photo.height * this.scale) / 2;
  }

  /** Another photo or another size of the pane; what was fitted stays so. */
  resize(photo, pane) {
    const middle = this.toPhoto(this.pane.width / 2, this.pane.height / 2);
    this.photo = photo;
    this.pane = pane;
    if (this.fitted) this.fit();
    else {
      this.x = pane.width / 2 - middle.x * this.scale;
      this.y = pane.height / 2 - middle.y * this.scale;
      this.hold();
    }
  }

  /** Zooms by a factor about a point of the pane. */
  zoom(factor, at = { x: this.pane.width / 2, y: this.pane.height / 2 }) {
    const before = this.toPhoto(at.x, at.y);
    const least = Math.min(0.02, this.pane.width / this.photo.width / 4);
    this.scale = Math.min(MOST, Math.max(least, this.scale * factor));
    this.x = at.x - before.x * this.scale;
    this.y = at.y - before.y * this.scale;
    this.fitted = false;
    this.hold();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.hold();
  }

  /** Keeps a part of the photo in sight. */
  hold() {
    const rest = 48;
    const { photo, pane, scale } = this;
    this.x = Math.min(pane.width - rest, Math.max(rest - photo.width * scale, this.x));
    this.y = Math.min(pane.height - rest, Math.max(rest - photo.height * scale, this.y));
  }

  /** A point of the pane in photo pixels. */
  toPhoto(x, y) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }
}
