// What the page tells: a mistake stays until it is closed, a remark goes by itself.

const box = document.getElementById("message");
const text = document.getElementById("message-text");
let timer = 0;

export function tell(sentence, kind = "remark") {
  clearTimeout(timer);
  box.className = kind;
  box.setAttribute("role", kind === "mistake" ? "alert" : "status");
  text.textContent = sentence;
  box.hidden = false;
  if (kind === "remark") timer = setTimeout(quiet, 5000);
}

export function quiet() {
  box.hidden = true;
}

document.getElementById("message-close").addEventListener("click", quiet);
