// What the page asks of its server. Every failure becomes an Error whose message a person can read.

import { pack, unpack } from "./envelope.js";

const GONE =
  "The server does not answer. Your photo, mask and results are still here: " +
  "start it again (python -m inpainting.web) and repeat what you did.";

/** GET of JSON. */
export async function get(address) {
  return (await ask(address)).json();
}

/** POST of an envelope; gives `[fields, parts]` of the answer. */
export async function post(name, fields, parts, signal) {
  return unpack(await (await send(name, fields, parts, signal)).arrayBuffer());
}

/** POST of an envelope that is answered by a file. */
export async function postForFile(name, fields, parts) {
  return (await send(name, fields, parts)).blob();
}

/** GET of a file. */
export async function getFile(address) {
  return (await ask(address)).blob();
}

function send(name, fields, parts, signal) {
  return ask(`api/${name}`, { method: "POST", body: pack(fields, parts), signal });
}

async function ask(address, options = {}) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(GONE);
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Error(
    sentence(answer.error ?? `the server failed (HTTP ${response.status}); its terminal says why`),
  );
}

function sentence(text) {
  const end = /[.!?]$/.test(text) ? "" : ".";
  return text[0].toUpperCase() + text.slice(1) + end;
}
