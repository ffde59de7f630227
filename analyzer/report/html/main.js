/* Brings the page to life, part by part; without it the page reads as well, only still. */

function exchangeFacts(index) {
  const get = (name) => exchanges.get(index, name);
  const fact = (name, value) => (value === null || value === undefined || value === "" ? [] : [[name, value]]);
  const leak = leaks[get("leak")];
  const role = processRole(get("process"));
  return [
    ...fact("Outcome", outcomeLabel.get(get("outcome")) ?? visible(get("outcome"))),
    ...fact("Leak", leak && `${visible(leak.address ?? "an address that nobody named")}, ${visible(leak.certainty)}`),
    ...fact("When", `${seconds(get("start_us"))} s, for ${duration((get("end_us") ?? get("start_us")) - get("start_us"))}`),
    ...fact("Process", processName(get("process")) + (role ? `, ${role}` : "")),
    ...fact("Call", visible(get("call") ?? "")),
    ...fact("From", visible(get("source") ?? "")),
    ...fact("Interface", interfaceName(get("iface"))),
    ...fact("Server", servers[get("server")] && (servers[get("server")].name ? `${serverName(get("server"))}, ${serverAddress(get("server"))}` : serverAddress(get("server")))),
    ...fact("Asked", `${visible(get("method") ?? "?")}: ${plural(get("requests") ?? 0, "request")}, ${plural(get("answers") ?? 0, "answer")}`),
    ...fact("Learned", visible(get("learned") ?? "")),
    ...fact("Relayed address", visible(get("relayed") ?? "")),
    ...fact("Error", visible(get("error") ?? "")),
    ...fact("Rule", visible(get("rule") ?? "")),
    ...fact("Evidence", evidenceWords(get("events"), get("frames"))),
  ];
}

function startTimeline(table) {
  const figure = document.querySelector("figure.timeline");
  figure.hidden = false;
  const timeline = new Timeline();
  const detail = byId("detail");
  const still = [...detail.childNodes];
  const tip = byId("tip");

  const showTip = (place) => {
    tip.hidden = !place;
    if (!place) return;
    const facts = new Map(exchangeFacts(place.index));
    const lines = [facts.get("Outcome"), `${facts.get("Process")} \u2192 ${serverName(exchanges.get(place.index, "server"))}`];
    if (facts.has("Learned")) lines.push(`learned ${facts.get("Learned")}`);
    if (facts.has("Leak")) lines.push("leak");
    tip.replaceChildren(...lines.map((line) => element("div", {}, isolated(line))));
    const x = timeline.left + place.x;
    tip.style.left = `${Math.max(4, Math.min(x + 14, timeline.left + timeline.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(2, place.y - tip.offsetHeight - 12)}px`;
  };
  const showInTable = (index) => {
    const row = table.show(index);
    if (!table.narrowed && byId("in-view")) byId("in-view").checked = false; // it was not in view
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  };
  timeline.addEventListener("choose", () => {
    if (timeline.chosen < 0) {
      detail.replaceChildren(...still);
      return;
    }
    const facts = exchangeFacts(timeline.chosen);
    detail.replaceChildren(element("dl", {}, ...facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, isolated(value))))));
  });
  for (const button of document.querySelectorAll(".legend [data-outcome]")) {
    button.disabled = button.dataset.count === "0";
    button.addEventListener("click", () => {
      const show = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(show));
      timeline.hiddenOutcomes[show ? "delete" : "add"](button.dataset.outcome);
      timeline.draw();
    });
  }
  timelineKeys(timeline, showInTable);
  timelineButtons(timeline);
  timelinePointer(timeline, showTip);
  timelineOverview(timeline);

  const redraw = () => {
    timeline.measure();
    timeline.draw();
  };
  redraw();
  new ResizeObserver(() => {
    if (timeline.left + timeline.width !== timeline.stage.clientWidth) redraw();
  }).observe(timeline.stage);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.draw());
  return { timeline, redraw };
}

/* In the table of exchanges: only those in view above, and the way back to the picture. */
function linkExchanges(table, timeline) {
  const box = element("input", { type: "checkbox", id: "in-view" });
  const narrow = () => table.narrow(box.checked ? (index) => timeline.times.start[index] <= timeline.to && timeline.times.end[index] >= timeline.from && timeline.isShown(index) : null);
  box.addEventListener("change", narrow);
  timeline.addEventListener("look", () => box.checked && narrow());
  table.tools?.insertBefore(element("label", { class: "in-view" }, box, " only what is in view above"), table.status);
  table.body.addEventListener("click", (event) => {
    const row = event.target.closest("[data-exchange]");
    if (row && !getSelection().toString()) timeline.choose(Number(row.dataset.exchange));
  });
  table.body.addEventListener("keydown", (event) => {
    const row = event.target.closest("[data-exchange]");
    if (!row || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    if (!next) return;
    event.preventDefault();
    next.focus();
    timeline.choose(Number(next.dataset.exchange));
  });
}

/* Which section is read now, in the contents. */
function followReading() {
  const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const id of links.keys()) if (byId(id)) seen.observe(byId(id));
}

function start() {
  const tables = [...document.querySelectorAll(".table-box table")].map((table) => new DataTable(table, table.id === "exchanges-table" ? new ExchangeRows() : undefined));
  const exchangeTable = tables.find(({ table }) => table.id === "exchanges-table");
  drawPaths();
  const picture = exchanges.count || interfaces.length ? startTimeline(exchangeTable) : null;
  if (picture && exchangeTable) linkExchanges(exchangeTable, picture.timeline);
  followReading();
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("is-printing"); // paper's width and colours, before the picture is drawn for it
    tables.forEach((table) => table.print(true));
    for (const part of document.querySelectorAll("details:not([open])")) {
      part.dataset.opened = "";
      part.open = true;
    }
    if (picture) picture.timeline.scale = 2;
    picture?.redraw();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("is-printing");
    tables.forEach((table) => table.print(false));
    for (const part of document.querySelectorAll("details[data-opened]")) {
      part.open = false;
      delete part.dataset.opened;
    }
    if (picture) picture.timeline.scale = undefined;
    picture?.redraw();
  });
  // Read by the test that measures how long the page takes to open.
  requestAnimationFrame(() => setTimeout(() => performance.mark("report-drawn")));
}

start();
