// State lives in the attributes of <body>; the style sheet shows it.
"use strict";
const page = document.body, KEYS = { v: "view", b: "blink", a: "auto", r: "removed", s: "stretch", f: "flags" };
const PERIOD = 700; // ms
let timer = null;

const actions = {
  view: () => set("view", page.dataset.view === "one" ? "side" : "one"),
  blink: () => { set("view", "one"); set("show", page.dataset.show === "before" ? "after" : "before"); },
  removed: () => { stop(); set("view", "one"); set("show", page.dataset.show === "removed" ? "after" : "removed"); },
  stretch: () => set("stretch", page.dataset.stretch === "asinh" ? "zscale" : "asinh"),
  flags: () => set("flags", page.dataset.flags === "on" ? "off" : "on"),
  auto: () => { if (timer) stop(); else { actions.blink(); timer = setInterval(actions.blink, PERIOD); refresh(); } },
};

function set(name, value) {
  page.dataset[name] = value;
  if (name === "view" && value === "side") stop();
  refresh();
}

function stop() {
  clearInterval(timer);
  timer = null;
  refresh();
}

function refresh() {
  const one = page.dataset.view === "one";
  const pressed = {
    view: !one, blink: one && page.dataset.show !== "removed", removed: one && page.dataset.show === "removed",
    stretch: page.dataset.stretch === "zscale", flags: page.dataset.flags === "on", auto: timer !== null,
  };
  for (const button of document.querySelectorAll(".controls button")) {
    button.setAttribute("aria-pressed", pressed[button.dataset.action]);
  }
  const told = one ? page.dataset.show : "side by side";
  document.getElementById("shown").textContent = timer ? "" : `shown: ${told}, ${page.dataset.stretch}`;
}

document.documentElement.classList.add("script");
for (const button of document.querySelectorAll(".controls button")) {
  button.addEventListener("click", () => {
    if (timer && button.dataset.action === "blink") stop();
    actions[button.dataset.action]();
  });
}
document.addEventListener("keydown", (event) => {
  const action = KEYS[event.key.toLowerCase()];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (timer && action === "blink") stop();
  actions[action]();
});
refresh();
