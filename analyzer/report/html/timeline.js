/* The picture of exchanges over time: drawn on a canvas, because there may be 20,000 of them; names are text of the page. */

const AXIS_HEIGHT = 30;
const LEAK_RADIUS = 6;
const PITCH_LEAST = 3.5;      // below that marks would be dots without a shape
const SLICE = 9;
const LINE_LEAST = 8;
const EDGE = 14;              // room for half a mark at both ends
const OVERVIEW_HEIGHT = 40;
const LEAST_SPAN_US = 200;
const REACH = 12;             // how near a mark is pointed at, in pixels
const SEVERITY = ["confirmed", "unread", "not_captured", "blocked", "blocked_absent", "not_on_wire", "unseen", "blocked_on_wire"];

const shapePath = (name) => {
  const path = document.querySelector(`#shape-${CSS.escape(name)} path`);
  return path && { path: new Path2D(path.getAttribute("d")), hollow: path.hasAttribute("data-hollow") };
};

class Timeline extends EventTarget {
  constructor() {
    super();
    this.stage = byId("stage");
    this.plot = byId("plot");
    this.overview = byId("overview");
    this.names = byId("lane-names");
    const start = Float64Array.from({ length: exchanges.count }, (_, index) => exchanges.get(index, "start_us"));
    const end = Float64Array.from(start, (us, index) => Math.max(us, exchanges.get(index, "end_us") ?? us));
    this.times = { start, end };
    this.outcome = Array.from(start, (_, index) => exchanges.get(index, "outcome"));
    this.leaks = Uint8Array.from(start, (_, index) => exchanges.get(index, "leak") !== null);
    this.hiddenOutcomes = new Set();
    this.shapes = new Map([...SEVERITY, "leak"].map((name) => [name, shapePath(name)]).filter(([, made]) => made));
    Object.assign(this, makeLanes());
    this.whole = this.#wholeRun();
    [this.from, this.to] = this.whole;
    this.chosen = -1;
    this.#writeNames();
  }

  #wholeRun() {
    const { start, end } = this.times;
    if (!start.length) return [0, 1e6];
    const last = end.reduce((most, us) => Math.max(most, us), 0);
    const room = Math.max((last - start[0]) * 0.02, LEAST_SPAN_US);
    return [Math.max(0, start[0] - room), last + room];
  }

  gravity = (index) => SEVERITY.indexOf(this.outcome[index]) + (this.leaks[index] ? SEVERITY.length : 0);
  isShown = (index) => !this.hiddenOutcomes.has(this.outcome[index]);
  xOf = (us) => EDGE + ((us - this.from) / (this.to - this.from)) * (this.width - 2 * EDGE);
  timeAt = (x) => this.from + ((x - EDGE) / (this.width - 2 * EDGE)) * (this.to - this.from);

  /* --- places --- */

  #writeNames() {
    for (const lane of this.lanes) {
      const one = interfaces[lane.iface];
      const tags = element("span", { class: "tags" });
      if (lane.wanted) tags.append(element("span", { class: "tag is-wanted" }, "wanted"));
      if (lane.leaking) tags.append(element("span", { class: "tag is-leaking" }, "leaks"));
      if (one && !one.captured) tags.append(element("span", { class: "tag" }, "not captured"));
      const addresses = list(one?.addresses).filter((address) => address.kind !== "link-local").map((address) => visible(address.ip));
      lane.label = element("div", { class: `lane-name${lane.wanted ? " is-wanted" : ""}` },
        element("span", { class: "lane-title" }, element("bdi", {}, interfaceName(lane.iface)), tags),
        element("span", { class: "lane-more" }, addresses.slice(0, 2).join(" \u00b7 ") + (addresses.length > 2 ? " \u2026" : "")),
        element("span", { class: "lane-more" }, plural(lane.members.length, "exchange")));
      this.names.append(lane.label);
    }
    const idle = this.idle.map(interfaceName);
    byId("idle-lanes").textContent = idle.length ? `No exchange over ${idle.slice(0, 12).join(", ")}${idle.length > 12 ? ` and ${idle.length - 12} more` : ""}.` : "";
  }

  measure() {
    const full = this.stage.clientWidth;
    this.narrow = full < NARROW;
    this.left = this.narrow ? 0 : NAMES_WIDTH;
    this.width = Math.max(120, full - this.left);
    const [from, to] = [this.from, this.to];
    [this.from, this.to] = this.whole;
    for (const lane of this.lanes) lane.rows = stackLane(lane, this);
    [this.from, this.to] = [from, to];
    this.height = placeLanes(this.lanes, AXIS_HEIGHT, this.narrow) + 1;
    this.stage.classList.toggle("is-narrow", this.narrow);
    for (const lane of this.lanes) {
      lane.label.style.top = `${lane.y}px`;
      lane.label.style.height = `${this.narrow ? NAMES_HEIGHT : lane.height}px`;
    }
    this.#size(this.plot, full, this.height);
    this.#size(this.overview, full, OVERVIEW_HEIGHT);
  }

  #size(canvas, width, height) {
    const scale = this.scale ?? window.devicePixelRatio ?? 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
  }

  #readColours() {
    const style = getComputedStyle(this.stage);
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colour = Object.fromEntries(["ink", "faint", "rule", "lane", "lane-wanted", "paper", "leak", "accent", "window", ...SEVERITY.map((o) => `o-${o}`)].map((n) => [n, read(n)]));
    this.font = `12px ${style.fontFamily}`;
  }

  /* --- drawing --- */

  draw() {
    this.#readColours();
    const at = this.plot.getContext("2d");
    at.clearRect(0, 0, this.left + this.width, this.height);
    at.save();
    this.#drawGround(at);
    at.translate(this.left, 0);
    at.beginPath();
    at.rect(0, 0, this.width, this.height);
    at.clip();
    this.#drawAxis(at);
    this.places = [];
    for (const lane of this.lanes) this.#drawLane(at, lane);
    this.#drawChosen(at);
    this.#drawDrag(at);
    at.restore();
    this.#drawOverview();
    byId("timeline-range").textContent = `${seconds(this.from).slice(0, -3)} s to ${seconds(this.to).slice(0, -3)} s`;
  }

  #drawGround(at) {
    for (const lane of this.lanes) {
      at.fillStyle = this.colour[lane.wanted ? "lane-wanted" : "lane"];
      at.fillRect(0, lane.y + 1, this.left + this.width, lane.plotY - lane.y + lane.height - 1);
      at.fillStyle = this.colour.rule;
      at.fillRect(0, lane.plotY + lane.height, this.left + this.width, 1);
      if (lane.wanted) {
        at.fillStyle = this.colour.accent;
        at.fillRect(0, lane.y + 1, 3, lane.plotY - lane.y + lane.height - 1);
      }
    }
    at.fillStyle = this.colour.rule;
    at.fillRect(0, AXIS_HEIGHT, this.left + this.width, 1);
  }

  #drawAxis(at) {
    const span = this.to - this.from;
    const rough = span / Math.max(2, this.width / 110);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    at.font = this.font;
    at.textBaseline = "middle";
    for (let us = Math.ceil(this.from / step) * step; us <= this.to; us += step) {
      const x = Math.round(this.xOf(us)) + 0.5;
      at.fillStyle = this.colour.rule;
      at.fillRect(x - 0.5, AXIS_HEIGHT - 6, 1, 6);
      for (const lane of this.lanes) at.fillRect(x - 0.5, lane.plotY, 1, lane.height);
      at.fillStyle = this.colour.faint;
      const digits = Math.max(0, -Math.floor(Math.log10(step / 1e6) + 1e-9));
      const text = `${(us / 1e6).toFixed(Math.min(6, digits))} s`;
      const half = at.measureText(text).width / 2;
      at.fillText(text, Math.min(Math.max(x - half, 2), this.width - 2 * half - 2), AXIS_HEIGHT / 2 - 2);
    }
    for (const change of list(report.network_changes)) {
      const x = Math.round(this.xOf(change.at_us)) + 0.5;
      at.strokeStyle = this.colour.ink;
      at.setLineDash([2, 3]);
      at.beginPath();
      for (const lane of this.lanes) {
        at.moveTo(x, lane.plotY);
        at.lineTo(x, lane.plotY + lane.height);
      }
      at.stroke();
      at.setLineDash([]);
    }
  }

  /* From the harmless to the grave, so that the grave are never covered. */
  #drawLane(at, lane) {
    const rows = stackLane(lane, this);
    const pitch = rowPitch(lane, rows);
    const base = lane.plotY + lane.height - LANE_PAD - 1;
    const places = [];
    lane.members.forEach((index, member) => {
      if (lane.row[member] >= 0) places.push({ index, x: lane.x[member], y: base - lane.row[member] * pitch, pitch, lane });
    });
    if (pitch < PITCH_LEAST) {
      for (const place of places) this.#drawSlice(at, place);
    } else {
      places.sort((a, b) => this.gravity(a.index) - this.gravity(b.index));
      for (const place of places) this.#drawMark(at, place);
    }
    this.places.push(...places);
  }

  /* Of a column that is too full for marks: a bar of as many colours as there are outcomes. */
  #drawSlice(at, { index, x, y, pitch }) {
    at.fillStyle = this.colour[this.leaks[index] ? "leak" : `o-${this.outcome[index]}`];
    at.fillRect(x - SLICE / 2, y - pitch, SLICE, pitch + 0.5); // no seams between slices
  }

  #drawMark(at, { index, x, y, pitch }) {
    const made = this.shapes.get(this.outcome[index]);
    if (!made) return;
    const size = Math.min(1, pitch / (MARK - 2));
    const end = this.xOf(this.times.end[index]);
    at.fillStyle = at.strokeStyle = this.colour[`o-${this.outcome[index]}`];
    if (end > this.xOf(this.times.start[index]) + LINE_LEAST) {
      at.globalAlpha = 0.45;
      at.fillRect(x, y - 1, end - x, Math.min(2, pitch / 3));
      at.globalAlpha = 1;
    }
    at.save();
    at.translate(x, y);
    at.scale(size, size);
    if (this.leaks[index]) {
      at.fillStyle = this.colour.leak;
      at.beginPath();
      at.arc(0, 0, LEAK_RADIUS, 0, 2 * Math.PI);
      at.fill();
      at.fillStyle = at.strokeStyle = this.colour.paper;
      at.scale(0.66, 0.66);
      this.#drawShape(at, this.outcome[index] === "confirmed" ? this.shapes.get("leak") : made);
    } else {
      this.#drawShape(at, made);
    }
    at.restore();
  }

  #drawShape(at, { path, hollow }) {
    if (hollow) {
      at.lineWidth = 1.8;
      at.stroke(path);
    } else {
      at.fill(path);
    }
  }

  #drawChosen(at) {
    const place = this.places.find((one) => one.index === this.chosen);
    if (!place) return;
    at.strokeStyle = this.colour.ink;
    at.lineWidth = 2;
    at.beginPath();
    at.arc(place.x, place.y, 10, 0, 2 * Math.PI);
    at.stroke();
    at.globalAlpha = 0.25;
    at.fillStyle = this.colour.ink;
    at.fillRect(Math.round(place.x), AXIS_HEIGHT, 1, this.height - AXIS_HEIGHT);
    at.globalAlpha = 1;
  }

  #drawDrag(at) {
    if (!this.drag) return;
    at.fillStyle = this.colour.window;
    at.fillRect(Math.min(...this.drag), AXIS_HEIGHT, Math.abs(this.drag[1] - this.drag[0]), this.height - AXIS_HEIGHT);
  }

  overviewX = (us) => this.left + EDGE + ((us - this.whole[0]) / (this.whole[1] - this.whole[0])) * (this.width - 2 * EDGE);
  overviewTime = (x) => this.whole[0] + ((x - this.left - EDGE) / (this.width - 2 * EDGE)) * (this.whole[1] - this.whole[0]);

  /* How much happened when, leaks below in their colour; the window says what is shown above. */
  #drawOverview() {
    const at = this.overview.getContext("2d");
    const counts = new Map();
    this.times.start.forEach((us, index) => {
      const bar = Math.floor(this.overviewX(us) / 3);
      const one = counts.get(bar) ?? [0, 0];
      one[this.leaks[index]]++;
      counts.set(bar, one);
    });
    const most = Math.log2(1 + [...counts.values()].reduce((m, [a, b]) => Math.max(m, a + b), 1));
    at.clearRect(0, 0, this.left + this.width, OVERVIEW_HEIGHT);
    at.fillStyle = this.colour.lane;
    at.fillRect(this.left, 0, this.width, OVERVIEW_HEIGHT);
    const high = OVERVIEW_HEIGHT - 8;
    for (const [bar, [other, leaking]] of counts) {
      const whole = Math.max(3, (Math.log2(1 + other + leaking) / most) * high);
      const red = leaking ? Math.max(3, (leaking / (other + leaking)) * whole) : 0;
      at.fillStyle = this.colour.faint;
      at.fillRect(bar * 3, OVERVIEW_HEIGHT - 4 - whole, 2, whole);
      at.fillStyle = this.colour.leak;
      at.fillRect(bar * 3, OVERVIEW_HEIGHT - 4 - red, 2, red);
    }
    at.fillStyle = this.colour.faint;
    if (!this.narrow) {
      at.font = this.font;
      at.textBaseline = "middle";
      at.fillText("The whole run", 14, OVERVIEW_HEIGHT / 2);
    }
    const [from, to] = [this.overviewX(this.from), this.overviewX(this.to)];
    at.fillStyle = this.colour.window;
    at.fillRect(from, 0, to - from, OVERVIEW_HEIGHT);
    at.strokeStyle = this.colour.accent;
    at.lineWidth = 1.5;
    at.strokeRect(from + 0.75, 0.75, Math.max(2, to - from - 1.5), OVERVIEW_HEIGHT - 1.5);
  }

  /* --- what is shown and chosen --- */

  look(from, to) {
    const [least, most] = this.whole;
    const span = Math.min(Math.max(to - from, LEAST_SPAN_US), most - least);
    this.from = Math.min(Math.max(from, least), most - span);
    this.to = this.from + span;
    this.draw();
    this.dispatchEvent(new CustomEvent("look"));
  }

  zoom(factor, around = (this.from + this.to) / 2) {
    this.look(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.look(this.from + by, this.to + by);
  }

  nearest(x, y) {
    let best = null;
    let least = REACH * REACH;
    for (const place of this.places) {
      const distance = (place.x - x) ** 2 + (place.y - y) ** 2;
      if (distance < least || (distance === least && this.leaks[place.index])) [best, least] = [place, distance];
    }
    return best;
  }

  choose(index) {
    this.chosen = index;
    if (index >= 0 && (this.times.start[index] < this.from || this.times.start[index] > this.to)) {
      const half = (this.to - this.from) / 2;
      this.look(this.times.start[index] - half, this.times.start[index] + half);
    } else {
      this.draw();
    }
    this.dispatchEvent(new CustomEvent("choose"));
  }
}
