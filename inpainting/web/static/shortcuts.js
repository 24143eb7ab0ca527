// Keys. The list is also what the help shows.

/** `[keys as shown, what it does, test, name of the action]` */
export const SHORTCUTS = [
  ["B", "Brush", key("b"), "brush"],
  ["E", "Eraser", key("e"), "eraser"],
  ["R", "Rectangle", key("r"), "rectangle"],
  ["H, or hold Space", "Move the photo", key("h"), "hand"],
  ["[ and ]", "Smaller, larger brush", key("["), "smaller"],
  [null, null, key("]"), "larger"],
  ["Ctrl Z", "Undo", command("z"), "undo"],
  ["Ctrl Shift Z, Ctrl Y", "Redo", (e) => command("Z")(e) || command("y")(e), "redo"],
  ["I", "Invert the mask", key("i"), "invert"],
  ["X", "Clear the mask", key("x"), "clear"],
  ["G and S", "Grow, shrink the mask", key("g"), "grow"],
  [null, null, key("s"), "shrink"],
  ["Enter", "Fill", (e) => e.key === "Enter" && !e.target.closest("button,a,canvas"), "fill"],
  ["Ctrl Enter", "Fill, wherever you are", command("Enter"), "fill"],
  ["1 to 6", "Paint, compare, coarse, refined, difference, side by side", digit, "view"],
  ["+ and −", "Zoom in, out", (e) => key("+")(e) || key("=")(e), "zoomIn"],
  [null, null, key("-"), "zoomOut"],
  ["0", "Show all of the photo", key("0"), "fit"],
  ["Arrows, then Enter", "On the stage: move the brush, dab", () => false, null],
  ["Ctrl O", "Open a photo", command("o"), "open"],
  ["Ctrl V", "Paste a photo", () => false, null],
  ["Ctrl S", "Download the result", command("s"), "download"],
  ["?", "These keys", key("?"), "help"],
];

/** Calls `actions[name](event)` for the keys above; not while a person types or a dialog is open. */
export function connectShortcuts(actions) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input:not([type=range]):not([type=checkbox]), select");
    const found = SHORTCUTS.find(([, , test, name]) => name && test(event));
    if (!found || (typing && !(event.ctrlKey || event.metaKey))) return;
    event.preventDefault();
    actions[found[3]](event);
  });
}

export function fillHelp(table) {
  for (const [keys, what] of SHORTCUTS) {
    if (!keys) continue;
    const row = table.insertRow();
    row.insertCell().textContent = keys;
    row.insertCell().textContent = what;
  }
}

function key(name) {
  return (event) => event.key === name && !event.ctrlKey && !event.metaKey && !event.altKey;
}

function command(name) {
  return (event) => event.key === name && (event.ctrlKey || event.metaKey) && !event.altKey;
}

function digit(event) {
  return /^[1-6]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
}
