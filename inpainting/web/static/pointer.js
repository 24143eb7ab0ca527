// Mouse, pen and fingers on the stage: one finger uses the tool, two zoom and move.

/**
 * Connects the stage's canvas.
 *
 * `actions`: begin(point), move(points), end(), cancel() of the tool, with points in photo pixels;
 * `grabs()`: whether a drag moves the photo; `hover()`: the brush's ring has moved; `zoomed()`: the
 * photo has been moved or zoomed.
 */
export function connectPointers(stage, actions) {
  const { canvas, viewport } = stage;
  const touches = new Map(); // pointer id -> point on the pane
  let gesture = null; // "tool", "pan" or "pinch"

  const photoPoint = (point) => viewport.toPhoto(point.x, point.y);

  function down(event) {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    touches.set(event.pointerId, stage.locate(event));
    if (touches.size === 2) {
      if (gesture === "tool") actions.cancel();
      gesture = "pinch";
    } else if (touches.size === 1) {
      gesture = event.button === 1 || actions.grabs() ? "pan" : "tool";
      if (gesture === "tool") actions.begin(photoPoint(stage.locate(event)));
    }
    canvas.classList.toggle("grabbing", gesture === "pan");
    event.preventDefault();
    canvas.focus({ preventScroll: true });
  }

  function move(event) {
    const point = stage.locate(event);
    stage.cursor = event.pointerType === "touch" && !touches.size ? null : point;
    const before = touches.get(event.pointerId);
    if (before && gesture === "pan") {
      viewport.pan(point.x - before.x, point.y - before.y);
      actions.zoomed();
    } else if (before && gesture === "pinch" && touches.size === 2) {
      const [other] = [...touches].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
      pinch(viewport, before, point, other);
      actions.zoomed();
    } else if (before && gesture === "tool") {
      const events = event.getCoalescedEvents?.() ?? [];
      const path = events.length ? events : [event];
      actions.move(path.map((one) => photoPoint(stage.locate(one))));
    }
    if (before) touches.set(event.pointerId, point);
    actions.hover();
  }

  function up(event) {
    if (!touches.delete(event.pointerId)) return;
    if (gesture === "tool") {
      if (event.type === "pointercancel") actions.cancel();
      else actions.end();
    }
    if (!touches.size || gesture === "tool") gesture = null;
    canvas.classList.remove("grabbing");
    if (event.pointerType === "touch") stage.cursor = null;
    actions.hover();
  }

  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => {
    if (touches.size) return;
    stage.cursor = null;
    actions.hover();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      viewport.zoom(Math.exp(-event.deltaY * lines * 0.002), stage.locate(event));
      actions.zoomed();
    },
    { passive: false },
  );
}

function pinch(viewport, before, after, other) {
  const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
  viewport.zoom(distance(after) / distance(before), {
    x: (before.x + other.x) / 2,
    y: (before.y + other.y) / 2,
  });
  viewport.pan((after.x - before.x) / 2, (after.y - before.y) / 2);
}
