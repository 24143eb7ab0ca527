// The ways in: file, drop, paste, samples.

import { byId } from "./panel.js";
import { getFile } from "./server.js";

/** Connects them; `open(file, name)` is called for each photo. */
export function connectOpening(open) {
  const chooser = byId("photo-file");
  const choose = () => chooser.click();
  byId("open").addEventListener("click", choose);
  byId("open-first").addEventListener("click", choose);
  chooser.addEventListener("change", () => {
    const [file] = chooser.files;
    if (file) open(file, file.name);
    chooser.value = ""; // so that the same file can be chosen again
  });

  const stage = byId("stage");
  let inside = 0;
  document.addEventListener("dragenter", () => stage.classList.toggle("dropping", ++inside > 0));
  document.addEventListener("dragleave", () => stage.classList.toggle("dropping", --inside > 0));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    stage.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (file) open(file, file.name);
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) open(file, file.name || "pasted photo");
  });
  return choose;
}

/** Fills the list of samples. */
export function showSamples(samples, open) {
  const items = samples.map(({ title, credit }, number) => {
    const picture = document.createElement("img");
    picture.src = `api/samples/${number}`;
    picture.alt = title;
    picture.loading = "lazy";
    const button = document.createElement("button");
    button.title = `${title} (${credit})`;
    button.append(picture);
    button.addEventListener("click", () => open(getFile(`api/samples/${number}`), title));
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  byId("samples").replaceChildren(...items);
}

/** Offers a Blob as a download. */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
