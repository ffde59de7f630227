/* The picture under the hand: pointer, keys and buttons. */

const DRAG_LEAST = 6;
const ZOOM_STEP = 0.6;
const PAN_STEP = 0.5;

/* The next shown exchange from the chosen one, in time (by) or to another lane (lanes), or the next leak. */
class TimelineWalk {
  constructor(timeline) {
    this.timeline = timeline;
    this.laneOf = new Map(timeline.lanes.flatMap((lane, at) => lane.members.map((index) => [index, at])));
  }

  step(by, isWanted = () => true) {
    const { timeline } = this;
    const count = exchanges.count;
    let index = timeline.chosen < 0 ? (by > 0 ? -1 : count) : timeline.chosen;
    do index += by; while (index >= 0 && index < count && !(timeline.isShown(index) && isWanted(index)));
    if (index >= 0 && index < count) timeline.choose(index);
  }

  /* In the same lane. */
  along(by) {
    const lane = this.laneOf.get(this.timeline.chosen);
    this.step(by, (index) => lane === undefined || this.laneOf.get(index) === lane);
  }

  /* The exchange of the next lane that is nearest in time. */
  across(by) {
    const { timeline } = this;
    if (timeline.chosen < 0) {
      this.step(1);
      return;
    }
    const { start } = timeline.times;
    for (let at = this.laneOf.get(timeline.chosen) + by; timeline.lanes[at]; at += by) {
      const members = timeline.lanes[at].members.filter(timeline.isShown);
      const gap = (index) => Math.abs(start[index] - start[timeline.chosen]);
      if (members.length) {
        timeline.choose(members.reduce((best, index) => (gap(index) < gap(best) ? index : best)));
        return;
      }
    }
  }

  nextLeak() {
    const before = this.timeline.chosen;
    const isLeak = (index) => this.timeline.leaks[index] === 1;
    this.step(1, isLeak);
    if (this.timeline.chosen === before) {
      this.timeline.chosen = -1;
      this.step(1, isLeak);
    }
  }
}

function timelineKeys(timeline, showInTable) {
  const walk = new TimelineWalk(timeline);
  const keys = {
    ArrowRight: () => walk.along(1), ArrowLeft: () => walk.along(-1), ArrowDown: () => walk.across(1), ArrowUp: () => walk.across(-1),
    l: () => walk.nextLeak(), "+": () => timeline.zoom(ZOOM_STEP), "=": () => timeline.zoom(ZOOM_STEP), "-": () => timeline.zoom(1 / ZOOM_STEP),
    0: () => timeline.look(...timeline.whole), PageDown: () => timeline.pan(PAN_STEP), PageUp: () => timeline.pan(-PAN_STEP),
    Home: () => { timeline.chosen = -1; walk.step(1); }, End: () => { timeline.chosen = -1; walk.step(-1); },
    Enter: () => timeline.chosen >= 0 && showInTable(timeline.chosen), Escape: () => timeline.choose(-1),
  };
  timeline.stage.addEventListener("keydown", (event) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

function timelineButtons(timeline) {
  const acts = {
    earlier: () => timeline.pan(-PAN_STEP), later: () => timeline.pan(PAN_STEP), in: () => timeline.zoom(ZOOM_STEP),
    out: () => timeline.zoom(1 / ZOOM_STEP), all: () => timeline.look(...timeline.whole),
  };
  for (const button of document.querySelectorAll(".timeline .tools button")) button.addEventListener("click", acts[button.dataset.act]);
}

function timelinePointer(timeline, showTip) {
  const { plot } = timeline;
  const inPlot = (event) => {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left - timeline.left, event.clientY - box.top];
  };
  let downAt = null;
  timeline.stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    [downAt] = inPlot(event);
    timeline.stage.setPointerCapture(event.pointerId);
  });
  timeline.stage.addEventListener("pointermove", (event) => {
    const [x, y] = inPlot(event);
    if (downAt !== null && Math.abs(x - downAt) >= DRAG_LEAST) {
      timeline.drag = [downAt, x];
      timeline.draw();
    }
    showTip(timeline.drag ? null : timeline.nearest(x, y));
  });
  timeline.stage.addEventListener("pointerup", (event) => {
    const [x, y] = inPlot(event);
    const { drag } = timeline;
    timeline.drag = null;
    if (drag) timeline.look(timeline.timeAt(Math.min(...drag)), timeline.timeAt(Math.max(...drag)));
    else if (downAt !== null) timeline.choose(timeline.nearest(x, y)?.index ?? -1);
    downAt = null;
  });
  const stopDrag = () => {
    [timeline.drag, downAt] = [null, null];
    timeline.draw();
  };
  timeline.stage.addEventListener("pointercancel", stopDrag);
  timeline.stage.addEventListener("pointerleave", () => showTip(null));
  timeline.stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the wheel alone moves the page
    event.preventDefault();
    timeline.zoom(event.deltaY > 0 ? 1 / ZOOM_STEP : ZOOM_STEP, timeline.timeAt(inPlot(event)[0]));
  }, { passive: false });
}

/* The strip below: the window goes where the pointer is. */
function timelineOverview(timeline) {
  const { overview } = timeline;
  const move = (event) => {
    const time = timeline.overviewTime(event.clientX - overview.getBoundingClientRect().left);
    const whole = timeline.whole[1] - timeline.whole[0];
    // With the whole run in view there is no window to move: the first press makes one.
    const span = timeline.to - timeline.from > whole * 0.98 ? whole / 5 : timeline.to - timeline.from;
    timeline.look(time - span / 2, time + span / 2);
  };
  overview.addEventListener("pointerdown", (event) => {
    overview.setPointerCapture(event.pointerId);
    move(event);
  });
  overview.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) move(event);
  });
}
