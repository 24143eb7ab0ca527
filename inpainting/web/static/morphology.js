// Growing a mask by a round brush of whole pixels.

/**
 * Pixels whose distance to a pixel of value `from` is at most `radius` (up to 254) take that value.
 * `data` is width x height of 0 and 1, changed in place, looked at inside `box` alone.
 *
 * Along each row the distance to the nearest such pixel is found first, capped; a pixel then only
 * has to look up and down its column.
 */
export function spread(data, width, box, radius, from) {
  const { left, top, right, bottom } = box;
  const columns = right - left;
  const rows = bottom - top;
  const cap = radius + 1;
  const along = new Uint8Array(columns * rows).fill(cap);
  for (let y = 0; y < rows; y++) {
    const source = (top + y) * width + left;
    const target = y * columns;
    let distance = cap;
    for (let x = 0; x < columns; x++) {
      distance = data[source + x] === from ? 0 : Math.min(cap, distance + 1);
      along[target + x] = distance;
    }
    distance = cap;
    for (let x = columns - 1; x >= 0; x--) {
      distance = along[target + x] === 0 ? 0 : Math.min(cap, distance + 1);
      if (distance < along[target + x]) along[target + x] = distance;
    }
  }
  // How far a pixel may be aside when it is so many rows away.
  const reach = Array.from({ length: cap }, (_, dy) => Math.floor(Math.sqrt(radius ** 2 - dy ** 2)));
  for (let y = 0; y < rows; y++) {
    const first = Math.max(0, y - radius);
    const last = Math.min(rows - 1, y + radius);
    for (let other = first; other <= last; other++) {
      const most = reach[Math.abs(other - y)];
      const source = other * columns;
      const target = (top + y) * width + left;
      for (let x = 0; x < columns; x++) if (along[source + x] <= most) data[target + x] = from;
    }
  }
}
