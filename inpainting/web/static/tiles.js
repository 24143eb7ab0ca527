// The mask as a coloured veil over the photo, in tiles, made only where there is a hole. One canvas
// of a large photo's size would be refused by some phones.

const SIDE = 512;
const COLOUR = 0xff5a37ff; // ABGR: a pink that few photographs have

export class Tiles {
  constructor(mask) {
    this.mask = mask;
    this.tiles = new Map();
    this.update(mask.bounds());
  }

  /** Paints the tiles anew where the mask has changed. */
  update(box) {
    if (!box) return;
    for (let row = Math.floor(box.top / SIDE); row * SIDE < box.bottom; row++) {
      for (let column = Math.floor(box.left / SIDE); column * SIDE < box.right; column++) {
        this.paint(column, row, box);
      }
    }
  }

  /** Draws in the photo's coordinates. */
  draw(context) {
    context.save();
    context.globalAlpha = 0.6;
    for (const { canvas, left, top } of this.tiles.values()) context.drawImage(canvas, left, top);
    context.restore();
  }

  paint(column, row, box) {
    const { width, data } = this.mask;
    const inside = this.mask.clipped({
      left: Math.max(box.left, column * SIDE),
      top: Math.max(box.top, row * SIDE),
      right: Math.min(box.right, (column + 1) * SIDE),
      bottom: Math.min(box.bottom, (row + 1) * SIDE),
    });
    if (!inside) return;
    const columns = inside.right - inside.left;
    const picture = new ImageData(columns, inside.bottom - inside.top);
    const pixels = new Uint32Array(picture.data.buffer);
    let any = false;
    for (let y = inside.top, i = 0; y < inside.bottom; y++) {
      for (let x = inside.left; x < inside.right; x++, i++) {
        if (data[y * width + x]) {
          pixels[i] = COLOUR;
          any = true;
        }
      }
    }
    const key = `${column},${row}`;
    let tile = this.tiles.get(key);
    if (!tile && !any) return;
    if (!tile) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = SIDE;
      tile = { canvas, left: column * SIDE, top: row * SIDE };
      this.tiles.set(key, tile);
    }
    const context = tile.canvas.getContext("2d");
    context.putImageData(picture, inside.left - tile.left, inside.top - tile.top);
  }
}
