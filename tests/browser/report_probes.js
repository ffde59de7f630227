/* What test_report_html.py asks of the page, put before each of its questions. */
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const textOf = (selector) => document.querySelector(selector)?.innerText ?? "";
const isSeen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && one.getBoundingClientRect().width > 1;

const channels = (colour) => {
  const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
  return [r, g, b, a];
};
const over = ([r, g, b, a], [r2, g2, b2]) => [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a)];
const luminance = (rgb) => rgb.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
const contrast = (one, other) => {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};

function groundOf(one) {
  const layers = [];
  for (let at = one; at; at = at.parentElement) {
    const node = at.closest?.("g.node");
    layers.push(channels(node && at === one ? getComputedStyle(node.querySelector("rect")).fill : getComputedStyle(at).backgroundColor));
  }
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
}

/* Texts with less contrast than WCAG 2.2 asks for (1.4.3). */
function faintTexts() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Map();
  let looked = 0;
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !isSeen(one) || one.closest("script, :disabled, title, .unseen, option")) continue;
    const style = getComputedStyle(one);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = contrast(channels(one instanceof SVGElement ? style.fill : style.color), groundOf(one));
    looked++;
    if (ratio < enough) faint.set(`${one.tagName}.${one.className?.baseVal ?? one.className}`, `${ratio.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  return [looked, [...faint].map((pair) => pair.join(" "))];
}

/* Marks of the picture with less than 3:1 against either ground (1.4.11). */
function faintMarks() {
  const style = getComputedStyle(document.documentElement);
  const probe = document.body.appendChild(document.createElement("i"));
  const resolve = (name) => {
    probe.style.color = style.getPropertyValue(name);
    return channels(getComputedStyle(probe).color);
  };
  const marks = [...all("[data-outcome]").map((one) => `--o-${one.dataset.outcome}`), "--leak", "--accent"];
  const faint = marks.flatMap((mark) => ["--lane", "--lane-wanted", "--paper"].filter((ground) => contrast(resolve(mark), resolve(ground)) < 3).map((ground) => `${mark} on ${ground}`));
  probe.remove();
  return faint;
}

const labelsOf = (one, attribute) => (one.getAttribute(attribute) ?? "").split(/\s+/).filter(Boolean).map((id) => document.getElementById(id));
function nameOf(one) {
  const by = labelsOf(one, "aria-labelledby").map((label) => label?.textContent).join(" ");
  return (by || one.getAttribute("aria-label") || [...(one.labels ?? [])].map((label) => label.textContent).join(" ") || one.innerText || one.textContent || "").trim();
}

function accessFaults() {
  const faults = [];
  const ids = all("[id]").map((one) => one.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`id twice: ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby"]) {
    for (const one of all(`[${attribute}]`)) if (labelsOf(one, attribute).some((label) => !label)) faults.push(`${attribute} leads nowhere: ${one.outerHTML.slice(0, 80)}`);
  }
  for (const one of all("a, button, input, [tabindex='0'], section, nav, [role='img'], [role='region'], summary")) if (isSeen(one) && !nameOf(one)) faults.push(`no name: ${one.outerHTML.slice(0, 80)}`);
  for (const one of all("svg")) if (!one.closest("[aria-hidden='true']") && !one.closest("[role='img']") && !one.getAttribute("aria-label")) faults.push("a drawing without a name");
  for (const table of all("table")) {
    if (!table.caption?.textContent.trim()) faults.push(`no caption: ${table.id}`);
    if (all("thead th", table).some((cell) => cell.scope !== "col")) faults.push(`headings without scope: ${table.id}`);
  }
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) faults.push(`heading level skipped: ${heading.textContent}`);
    level = own;
  }
  if (all("h1").length !== 1) faults.push("not one h1");
  for (const landmark of ["header", "nav", "main", "footer"]) if (all(landmark).length === 0) faults.push(`no ${landmark}`);
  if (all("[tabindex]").some((one) => one.tabIndex > 0)) faults.push("a tabindex that changes the order");
  if (!document.documentElement.lang) faults.push("no language");
  return faults;
}

/* The picture's pixels: whether two drawings differ. */
function picturePrint() {
  const canvas = document.getElementById("plot");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let print = 0;
  for (let at = 0; at < data.length; at++) print = (Math.imul(print, 31) + data[at]) | 0;
  return print;
}

const column = (table, at) => all(`#${table}-table tbody tr`).map((row) => row.cells[at].innerText);
const middleOf = (selector) => {
  const one = document.querySelector(selector);
  one.scrollIntoView({ block: "center", behavior: "instant" });
  const box = one.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
};
