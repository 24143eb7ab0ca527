// Several binary parts and a JSON object in one body; the counterpart of inpainting/web/envelope.py.

/** A Blob of `fields` and `parts` (Blobs or Uint8Arrays). */
export function pack(fields, parts = []) {
  const lengths = parts.map((part) => part.size ?? part.byteLength);
  const header = new TextEncoder().encode(JSON.stringify({ ...fields, parts: lengths }));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, header.length);
  return new Blob([length, header, ...parts]);
}

/** `[fields, parts]` of an ArrayBuffer; the parts are Uint8Arrays that share it. */
export function unpack(buffer) {
  let start = 4 + new DataView(buffer).getUint32(0);
  const { parts: lengths, ...fields } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, 4, start - 4)),
  );
  const parts = lengths.map((length) => {
    const part = new Uint8Array(buffer, start, length);
    start += length;
    return part;
  });
  return [fields, parts];
}
