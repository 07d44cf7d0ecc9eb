// @ts-check
/**
 * The preview on the brand's page of the admin: follows the form as it is typed, saves nothing.
 *
 * Colours come from the server, which alone knows how shades are made; texts and pictures are shown as they are.
 */

import { byId } from "../dom.js";
import { ApiError, request } from "../http.js";

/** @typedef {{what: string, front: string, ground: string, ratio: number, needed: number, is_enough: boolean}} Figure */
/** @typedef {{properties: Record<string, Record<string, string>>, figures: Figure[], warnings: string[]}} Preview */

const PAUSE_MS = 120;
const PICTURES = ["image/png", "image/jpeg", "image/webp"];

const root = byId("brand-preview");
/** Pictures that were chosen and are not saved: by field, as data addresses; "" when cleared. */
const chosen = /** @type {Map<string, string>} */ (new Map());

/** @param {string} name */
function value(name) {
  const field = document.getElementById(`id_${name}`);
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field.value.trim() : "";
}

/**
 * @param {string} part
 * @param {string} text
 */
function write(part, text) {
  for (const element of root.querySelectorAll(`[data-part="${part}"]`)) element.textContent = text;
}

function showTexts() {
  const name = value("product_name");
  write("name", name);
  write("sign", name.slice(0, 1).toUpperCase());
  write("tagline", value("tagline"));
  write("sender", value("mail_sender") || name);
  const links = ["Imprint", "Privacy", "Terms"].filter((link) => value(`${link.toLowerCase()}_url`));
  write("footer", [value("support_email"), value("mail_footer"), links.join(" · ")].filter(Boolean).join("\n"));
}

/** @param {string} field */
function picture(field) {
  const saved = field === "logo" ? root.dataset.logo : root.dataset.logoDark;
  return chosen.get(field) ?? saved ?? "";
}

function showPictures() {
  for (const screen of root.querySelectorAll("[data-scheme]")) {
    const isDark = screen instanceof HTMLElement && screen.dataset.scheme === "dark";
    const address = (isDark && picture("logo_dark")) || picture("logo");
    const logo = screen.querySelector('[data-part="logo"]');
    const sign = screen.querySelector('[data-part="sign"]');
    if (!(logo instanceof HTMLImageElement) || !(sign instanceof HTMLElement)) continue;
    if (address) logo.src = address;
    else logo.removeAttribute("src");
    logo.hidden = !address;
    // A mail without a logo has the name alone.
    sign.hidden = Boolean(address) || (screen instanceof HTMLElement && screen.dataset.scheme === "mail");
  }
}

/**
 * @param {string} field
 * @param {HTMLInputElement} input
 */
function readPicture(field, input) {
  const file = input.files?.[0];
  if (!file) {
    chosen.delete(field);
    showPictures();
    return;
  }
  if (!PICTURES.includes(file.type)) {
    warn([`${file.name} is not a PNG, JPEG or WebP picture.`]);
    return;
  }
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    chosen.set(field, String(reader.result));
    showPictures();
  });
  reader.readAsDataURL(file);
}

/** @param {Record<string, Record<string, string>>} properties */
function paint(properties) {
  for (const screen of root.querySelectorAll("[data-scheme]")) {
    if (!(screen instanceof HTMLElement)) continue;
    for (const [name, colour] of Object.entries(properties[screen.dataset.scheme ?? ""] ?? {})) {
      screen.style.setProperty(name, colour);
    }
  }
}

/** @param {Figure[]} figures */
function tell(figures) {
  byId("brand-figures").replaceChildren(
    ...figures.map((figure) => {
      const item = document.createElement("span");
      item.className = "bp-figure";
      item.dataset.enough = String(figure.is_enough);
      const swatch = document.createElement("span");
      swatch.className = "bp-swatch";
      swatch.style.setProperty("--front", figure.front);
      swatch.style.setProperty("--ground", figure.ground);
      swatch.textContent = "A";
      swatch.setAttribute("aria-hidden", "true");
      const ratio = document.createElement("strong");
      ratio.textContent = `${figure.ratio.toFixed(1)} : 1`;
      item.append(swatch, `${figure.what} `, ratio, figure.is_enough ? "" : ` (should be ${figure.needed})`);
      return item;
    }),
  );
}

/** @param {string[]} sentences */
function warn(sentences) {
  byId("brand-warnings").replaceChildren(
    ...sentences.map((sentence) => Object.assign(document.createElement("p"), { textContent: sentence })),
  );
}

let asking = new AbortController();
let timer = 0;

async function showColours() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const query = new URLSearchParams({ colour: value("colour"), accent: value("accent") });
  try {
    const answer = /** @type {Preview} */ (await request(`${root.dataset.url}?${query}`, { signal }));
    if (!answer.properties) throw new ApiError(401, "signed_out", "You are signed out: sign in again in another tab.");
    paint(answer.properties);
    tell(answer.figures);
    warn(answer.warnings);
  } catch (error) {
    if (!signal.aborted) warn([error instanceof Error ? error.message : String(error)]);
  }
}

function coloursSoon() {
  window.clearTimeout(timer);
  timer = window.setTimeout(showColours, PAUSE_MS);
}

function show() {
  showTexts();
  showPictures();
}

document.addEventListener("input", (event) => {
  if (!(event.target instanceof HTMLElement) || !event.target.id.startsWith("id_")) return;
  show();
  if (["id_colour", "id_accent"].includes(event.target.id)) coloursSoon();
});
document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement)) return;
  for (const field of ["logo", "logo_dark"]) {
    if (input.name === field) readPicture(field, input);
    if (input.name === `${field}-clear`) {
      if (input.checked) chosen.set(field, "");
      else chosen.delete(field);
      showPictures();
    }
  }
});
show();
void showColours();
