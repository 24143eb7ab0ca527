// The line between before and after: dragged, or moved by the arrow keys.

export function connectSlider(handle, stage) {
  function place(split) {
    stage.split = Math.min(1, Math.max(0, split));
    handle.style.left = `${100 * stage.split}%`;
    handle.setAttribute("aria-valuenow", Math.round(100 * stage.split));
    stage.draw();
  }

  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    handle.focus({ preventScroll: true });
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const frame = stage.canvas.getBoundingClientRect();
    place((event.clientX - frame.left) / frame.width);
  });
  handle.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1 };
    if (event.key in steps) place(stage.split + steps[event.key]);
    else if (event.key === "Home") place(0);
    else if (event.key === "End") place(1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  place(stage.split);
}
