/* Where the exchanges stand in the picture: lanes for interfaces, and rows in them for what happened at the same time. */

const LANE_PAD = 14;      // above and below the marks
const LANE_LEAST = 72;    // three lines of its name
const LANE_MOST = 168;
const MARK = 13;          // a mark and the gap beside it
const ROWS_APART = 12;    // a lane with more rows has no room for lines
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
  const idle = interfaces.map((one, index) => ({ index, wanted: Boolean(one?.wanted) })).filter(({ index }) => !lanes.has(index));
  for (const { index } of idle.filter((one) => one.wanted)) all.push({ iface: index, members: [], wanted: true, leaking: 0 });
  all.sort((a, b) => b.wanted - a.wanted || b.leaking - a.leaking || b.members.length - a.members.length);
  return { lanes: all, idle: idle.filter((one) => !one.wanted).map(({ index }) => index) };
}

/*
 * What happened at the same place of the picture stands in a column, the grave below, where columns can be compared.
 *
 * picture gives xOf(us), width, times, gravity(index) and isShown(index). lane.row[i] and lane.x[i] belong to lane.members[i]; row -1: not in view.
 * Returns the rows that were needed.
 */
function stackLane(lane, picture) {
  lane.row = new Int32Array(lane.members.length).fill(-1);
  lane.x = new Float64Array(lane.members.length);
  let column = { x: -Infinity, members: [] };
  const columns = [];
  lane.members.forEach((index, at) => {
    const x = picture.xOf(picture.times.start[index]);
    if (!picture.isShown(index) || picture.xOf(picture.times.end[index]) < -MARK || x > picture.width + MARK) return;
    if (x >= column.x + MARK) columns.push(column = { x, members: [] });
    column.members.push(at);
  });
  let most = 0;
  for (const { x, members } of columns) {
    members.sort((a, b) => picture.gravity(lane.members[b]) - picture.gravity(lane.members[a]) || a - b);
    members.forEach((at, row) => [lane.row[at], lane.x[at]] = [row, x]);
    most = Math.max(most, members.length);
  }
  return most <= ROWS_APART ? keepWaysFree(lane, columns, picture) : most;
}

/* Where there is room, nothing stands on the line of an exchange that waits for its answer. */
function keepWaysFree(lane, columns, picture) {
  const until = [];
  let most = 1;
  for (const { x, members } of columns) {
    let row = 0;
    for (const at of members) {
      while (until[row] > x) row++;
      lane.row[at] = row;
      until[row] = Math.max(x + MARK, picture.xOf(picture.times.end[lane.members[at]]));
      most = Math.max(most, ++row);
    }
  }
  return most;
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
  return Math.min(MARK, (lane.height - 2 * LANE_PAD) / Math.max(1, rows - 1));
}
