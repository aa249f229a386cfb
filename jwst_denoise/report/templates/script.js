// State lives in the attributes of <body>; the style sheet shows it.
"use strict";
const page = document.body, KEYS = { v: "view", b: "blink", a: "auto", r: "removed", f: "flags" };
const PERIOD = 700; // ms
let timer = null;

const actions = {
  view: () => set("view", page.dataset.view === "one" ? "side" : "one"),
  blink: () => { set("view", "one"); set("show", page.dataset.show === "before" ? "after" : "before"); },
  removed: () => { stop(); set("view", "one"); set("show", page.dataset.show === "removed" ? "after" : "removed"); },
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
    flags: page.dataset.flags === "on", auto: timer !== null,
  };
  for (const button of document.querySelectorAll(".controls button")) {
    button.setAttribute("aria-pressed", pressed[button.dataset.action]);
  }
  const shown = one ? page.dataset.show : "side by side";
  document.getElementById("shown").textContent = timer ? "" : `shown: ${shown}`;
}

// Values are read back from the colors of the pictures.
const canvases = new WeakMap();

function pixels(image) {
  if (!canvases.has(image)) {
    const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    canvases.set(image, context);
  }
  return canvases.get(image);
}

function describe(stage, x, y) {
  const image = stage.querySelector("img"), section = stage.closest("section");
  const [x0, y0, nx, ny] = stage.dataset.place.split(" ").map(Number);
  const place = `x = ${x0 + Math.min(Math.floor(x * nx), nx - 1)}, y = ${y0 + Math.min(Math.floor((1 - y) * ny), ny - 1)}`;
  const context = pixels(image), { width, height } = context.canvas;
  const spot = [Math.min(Math.floor(x * width), width - 1), Math.min(Math.floor(y * height), height - 1)];
  const color = context.getImageData(...spot, 1, 1).data;
  if (!color[3]) return `${place}: no data`;
  const text = [...color.slice(0, 3)].map((each) => each.toString(16).padStart(2, "0")).join("");
  const colors = page.dataset[image.dataset.palette === "gray" ? "gray" : "rdbuR"].match(/.{6}/g), k = colors.indexOf(text);
  const name = stage.closest("figure").className;
  const values = section.querySelector(`.overview .${name} .bar`).dataset.values.split(" ");
  const sign = k === 0 ? "≤" : k === colors.length - 1 ? "≥" : "≈";
  return `${place}: ${sign} ${Number(values[k]).toPrecision(3)} ${section.dataset.unit}`;
}

for (const stage of document.querySelectorAll(".stage")) {
  stage.addEventListener("pointermove", (event) => {
    const box = stage.getBoundingClientRect();
    const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    document.getElementById("value").textContent = describe(stage, ...place);
  });
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
