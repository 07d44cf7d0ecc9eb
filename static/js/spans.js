// @ts-check
/** A figure, chosen, shows on the timeline the pieces of the call it comes from. */

const WIDTH = 1000;
/** Top and height of each side's lane in the drawing; "" means both. */
const LANES = { rep: [8, 26], customer: [46, 26], "": [4, 72] };

/** @typedef {[keyof typeof LANES, number, number]} Span channel, start, end in milliseconds */

/**
 * @param {SVGElement} drawing
 * @param {readonly Span[]} spans
 */
function draw(drawing, spans) {
  const length = Number(drawing.dataset["length"]) || 1;
  const place = drawing.querySelector("#timeline-spans");
  const rectangles = spans.map(([channel, start, end]) => {
    const rectangle = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const [top = 0, height = 0] = LANES[channel] ?? LANES[""];
    const shape = { x: (start / length) * WIDTH, y: top, width: Math.max(2, ((end - start) / length) * WIDTH), height };
    for (const [name, value] of Object.entries(shape)) rectangle.setAttribute(name, String(value));
    rectangle.setAttribute("class", "span");
    rectangle.setAttribute("vector-effect", "non-scaling-stroke");
    return rectangle;
  });
  place?.replaceChildren(...rectangles);
  drawing.classList.toggle("is-explaining", rectangles.length > 0);
}

/** Figures become switches: at most one is on. */
export function explainFigures() {
  const drawing = document.querySelector("svg#timeline");
  const figures = [...document.querySelectorAll(".figure-button")];
  if (!(drawing instanceof SVGElement)) return;
  for (const figure of figures) {
    figure.addEventListener("click", () => {
      const isOn = figure.getAttribute("aria-pressed") !== "true";
      for (const other of figures) other.setAttribute("aria-pressed", String(other === figure && isOn));
      draw(drawing, isOn ? JSON.parse(figure.querySelector("script")?.textContent ?? "[]") : []);
      if (isOn) drawing.scrollIntoView({ block: "nearest" });
    });
  }
}
