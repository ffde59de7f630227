/* Where the exchanges stand in the picture: lanes for interfaces, and rows in them for what happened at the same time. */

const LANE_PAD = 14;      // above and below the marks
const LANE_LEAST = 56;
const LANE_MOST = 148;
const MARK = 11;          // a mark and the gap beside it
const MARK_LEAST = 2;
const NAMES_WIDTH = 188;
const NAMES_HEIGHT = 46;  // where the name stands above its lane
const NARROW = 640;

/* The wanted interfaces first, then those that leaked, then the busy ones. Those that carried nothing are only named. */
function makeLanes() {
  const lanes = new Map();
  const leaking = new Map();
  for (let index = 0; index < exchanges.count; index++) {
    const iface = exchanges.get(index, "iface") ?? -1;
    if (!lanes.has(iface)) lanes.set(iface, { iface, members: [] });
    lanes.get(iface).members.push(index);
    if (exchanges.get(index, "leak") !== null) leaking.set(iface, (leaking.get(iface) ?? 0) + 1);
  }
  const all = [...lanes.values()].map((lane) => ({ ...lane, wanted: Boolean(interfaces[lane.iface]?.wanted), leaking: leaking.get(lane.iface) ?? 0 }));
  const idle = interfaces.map((one, index) => ({ index, wanted: one.wanted })).filter(({ index }) => !lanes.has(index));
  for (const { index } of idle.filter((one) => one.wanted)) all.push({ iface: index, members: [], wanted: true, leaking: 0 });
  all.sort((a, b) => b.wanted - a.wanted || b.leaking - a.leaking || b.members.length - a.members.length);
  return { lanes: all, idle: idle.filter((one) => !one.wanted).map(({ index }) => index) };
}

/*
 * Give each shown member of the lane a row, the lowest that is free at its place, so that a burst stands as a column.
 *
 * xOf(us) the place of a time; returns the rows that were needed. lane.row[i] belongs to lane.members[i], -1 where it is not in view.
 */
function stackLane(lane, times, xOf, width, isShown) {
  const free = [];
  lane.row = new Int32Array(lane.members.length).fill(-1);
  lane.members.forEach((index, at) => {
    const from = xOf(times.start[index]);
    const to = xOf(times.end[index]);
    if (!isShown(index) || to < -MARK || from > width + MARK) return;
    let row = free.findIndex((until) => until <= from);
    if (row < 0) row = free.length;
    free[row] = Math.max(from + MARK, Math.min(to, width) + 3);
    lane.row[at] = row;
  });
  return free.length;
}

/* Heights and places of all lanes, from the rows that they need with the whole run in view; returns the height of all. */
function placeLanes(lanes, top, narrow) {
  let y = top;
  for (const lane of lanes) {
    const head = narrow ? NAMES_HEIGHT : 0;
    const wanted = lane.rows * MARK + 2 * LANE_PAD;
    lane.y = y;
    lane.plotY = y + head;
    lane.height = Math.min(Math.max(wanted, LANE_LEAST), LANE_MOST);
    y = lane.plotY + lane.height;
  }
  return y;
}

/* How far apart a lane's rows are when it needs that many. */
function rowPitch(lane, rows) {
  return Math.max(MARK_LEAST, Math.min(MARK, (lane.height - 2 * LANE_PAD) / Math.max(1, rows - 1)));
}
