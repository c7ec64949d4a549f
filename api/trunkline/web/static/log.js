// The log of a run: only the lines that are in sight are drawn, however many there are.
import { follow } from "./events.js";

const ROW = 20;
const AROUND = 12;
const TONES = { ok: "idle", changed: "ok", failed: "bad", unreachable: "bad", ignored: "wait", retry: "wait", warning: "wait", status: "run", note: "run", play: "run" };
const NOISE = new Set(["task", "skipped", "play"]);
const ENDED = new Set(["completed", "failed", "rolled-back", "cancelled"]);
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });

function linesOf(event) {
  const { kind, host, task, payload } = event;
  const shared = { at: event.created_at, kind, host: host || "", tone: TONES[kind] || "idle", quiet: NOISE.has(kind) || (kind === "diff" && !payload.stdout && !payload.message), diff: kind === "diff" };
  const text = textOf(kind, task, payload);
  return text.split("\n").map((line, number) => (number ? { ...shared, at: "", kind: "", text: line } : { ...shared, text: line }));
}

function textOf(kind, task, payload) {
  const took = typeof payload.duration_s === "number" ? ` (${payload.duration_s.toFixed(1)} s)` : "";
  if (kind === "status") return `${payload.status}${payload.by ? ` by ${payload.by}` : ""}${payload.error ? `: ${payload.error.detail}` : ""}`;
  if (kind === "play") return payload.play || "";
  if (kind === "task") return task || "";
  if (kind === "diff" || kind === "stats") return payload.stdout || payload.message || kind;
  const said = payload.message || (task ? "" : payload.stdout) || "";
  return [task ? task + took : "", said].filter(Boolean).join("\n") || kind;
}

class Log {
  constructor(panel) {
    this.panel = panel;
    this.view = panel.querySelector("[data-log-view]");
    this.rows = panel.querySelector("[data-log-rows]");
    this.hosts = new Set();
    this.lines = [];
    this.shown = []; // places in `lines`
    this.following = true;
    this.missed = 0;
    this.drawn = new Map();
    this.search = this.part("search");
    this.host = this.part("host");
    this.quiet = this.part("quiet");
    this.button = this.part("follow");
    for (const control of [this.search, this.host, this.quiet]) control.addEventListener("input", () => this.filter());
    this.button.addEventListener("click", () => this.follow(!this.following));
    this.view.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.view.addEventListener("keydown", (event) => {
      if (event.key === " ") { event.preventDefault(); this.follow(!this.following); }
    });
    new ResizeObserver(() => this.draw()).observe(this.view);
  }

  part(name) { return this.panel.querySelector(`[data-log-${name}]`); }

  add(events) {
    for (const event of events) {
      for (const line of linesOf(event)) {
        this.lines.push(line);
        if (this.fits(line)) { this.shown.push(this.lines.length - 1); if (!this.following) this.missed += 1; }
      }
      if (event.host && !this.hosts.has(event.host)) {
        this.hosts.add(event.host);
        this.host.add(new Option(event.host));
      }
    }
    this.changed();
  }

  fits(line) {
    return (!this.wanted || line.text.toLowerCase().includes(this.wanted)) && (!this.host.value || line.host === this.host.value) && !(this.quiet.checked && line.quiet);
  }

  filter() {
    this.wanted = this.search.value.trim().toLowerCase();
    this.shown = [];
    this.lines.forEach((line, number) => { if (this.fits(line)) this.shown.push(number); });
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.view.scrollTop = 0;
    this.changed();
  }

  changed() {
    if (this.waits) return;
    this.waits = requestAnimationFrame(() => {
      this.waits = 0;
      this.rows.style.height = `${this.shown.length * ROW}px`;
      const all = this.lines.length === this.shown.length;
      this.part("count").textContent = all ? `${this.lines.length} lines` : `${this.shown.length} of ${this.lines.length} lines`;
      this.label();
      if (this.following) this.toEnd();
      this.draw();
    });
  }

  label() {
    this.button.setAttribute("aria-pressed", String(this.following));
    this.button.textContent = this.following ? "Following" : this.missed ? `Paused, ${this.missed} new` : "Paused";
  }

  follow(yes) {
    this.following = yes;
    this.missed = 0;
    if (yes) this.toEnd();
    this.label();
    this.draw();
  }

  toEnd() {
    this.view.scrollTop = this.view.scrollHeight;
    this.end = this.view.scrollTop;
  }

  scrolled() {
    // Who scrolls up wants to read.
    if (this.following && this.view.scrollTop < this.end - ROW) this.follow(false);
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.view.scrollTop / ROW) - AROUND);
    const last = Math.min(this.shown.length, Math.ceil((this.view.scrollTop + this.view.clientHeight) / ROW) + AROUND);
    for (const [place, row] of this.drawn) {
      if (place < first || place >= last) { row.remove(); this.drawn.delete(place); }
    }
    for (let place = first; place < last; place += 1) {
      if (this.drawn.has(place)) continue;
      const row = rowOf(this.lines[this.shown[place]]);
      row.style.transform = `translateY(${place * ROW}px)`;
      this.rows.append(row);
      this.drawn.set(place, row);
    }
  }
}

function rowOf(line) {
  const row = document.createElement("div");
  row.className = "line";
  row.dataset.tone = line.tone;
  row.dataset.at = line.at;
  for (const [name, text] of [["at", line.at && clock.format(new Date(line.at))], ["host", line.host], ["kind", line.kind], ["text", line.text]]) {
    const cell = document.createElement("span");
    cell.className = name;
    cell.textContent = text;
    if (name === "text" && line.diff && /^[+-]/.test(text)) cell.classList.add(text[0] === "+" ? "plus" : "minus");
    row.append(cell);
  }
  return row;
}

const panel = document.querySelector("[data-log]");
const log = new Log(panel);
window.trunklineLog = log;

// The rest of the page follows: another state at once, steps that come in a crowd together.
let due = 0;
let refreshed = 0;
function refresh(delay = Math.max(30, 200 - (Date.now() - refreshed))) {
  if (due && delay) return;
  clearTimeout(due);
  due = setTimeout(() => { due = 0; refreshed = Date.now(); window.htmx.trigger("#run", "refresh"); }, delay);
}
const ended = () => ENDED.has(document.querySelector("[data-status]")?.dataset.status);

const state = panel.querySelector("[data-log-state]");
const TONE_OF = { live: "ok", reconnecting: "wait", ended: "idle" };
follow(panel.dataset.log, {
  events(events) { log.add(events); if (!ended()) refresh(events.some((event) => event.kind === "status") ? 0 : undefined); },
  state(word) {
    state.textContent = word;
    state.dataset.tone = TONE_OF[word] || "bad";
    if (word === "ended" && !ended()) refresh();
  },
});
