// The map: nodes and circuits with their live state. What is drawn comes from GET /api/v1/topology.
"use strict";

const EVERY_MS = 2000;
const PLACES = "trunkline-map";
const CROWD = 150;
const RESTS_MS = 120;
const SVG = "http://www.w3.org/2000/svg";

class NetworkMap {
  constructor(box) {
    this.box = box;
    this.svg = box.querySelector("svg");
    this.view = box.querySelector("[data-map-view]");
    this.groups = { nodes: box.querySelector("[data-map-nodes]"), links: box.querySelector("[data-map-links]") };
    this.tip = box.querySelector("[data-map-tip]");
    this.places = new Map(JSON.parse(localStorage.getItem(PLACES) || "[]"));
    this.nodes = new Map();
    this.links = new Map();
    this.at = { x: 0, y: 0, k: 1 };
    this.drawn = { ...this.at };
    this.move();
  }

  async follow() {
    for (;;) {
      if (!document.hidden) await this.look();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async look() {
    try {
      const answer = await fetch(this.box.dataset.map, { headers: { Accept: "application/json" }, cache: "no-cache" });
      if (answer.status === 401) return window.location.reload();
      const tag = answer.headers.get("ETag");
      if (!answer.ok || tag === this.tag) return;
      this.tag = tag;
      this.show(await answer.json());
    } catch (error) {
      console.debug("the map is asked for again:", error.message);
    }
  }

  show(topology) {
    this.topology = topology;
    const known = new Set(topology.nodes.map((node) => node.id));
    if (topology.nodes.every((node) => this.places.has(node.id))) this.draw();
    else this.arrange();
    for (const id of [...this.places.keys()]) if (!known.has(id)) this.places.delete(id);
    const counts = document.querySelector("[data-map-counts]");
    if (counts) counts.textContent = `${topology.nodes.length} nodes, ${topology.links.length} circuits`;
  }

  arrange() {
    this.worker ??= new Worker(this.box.dataset.worker);
    const first = this.nodes.size === 0;
    this.worker.onmessage = ({ data }) => {
      for (const [id, x, y] of data.places) this.places.set(id, { x, y });
      this.draw();
      if (first) this.fit();
      if (data.done) localStorage.setItem(PLACES, JSON.stringify([...this.places]));
    };
    const nodes = this.topology.nodes.map(({ id, group }) => ({ id, group, ...this.places.get(id) }));
    const links = this.topology.links.map(({ a, z }) => [a, z]);
    this.worker.postMessage({ nodes, links, parts: this.box.dataset.parts.split(" ").map((part) => new URL(part, location).href) });
  }

  draw() {
    const first = this.nodes.size === 0;
    this.crowd = this.topology.nodes.length > CROWD;
    this.svg.classList.toggle("crowd", this.crowd);
    keep(this.nodes, this.topology.nodes, (node) => this.makeNode(node), (element, node) => {
      const { x, y } = this.places.get(node.id);
      set(element, "transform", `translate(${x} ${y})`);
      set(element, "class", `node map-${node.state}${node.run ? " works" : ""}`);
      element.info = `${node.description}: ${node.state}`;
    }, this.groups.nodes);
    const sides = this.sides();
    keep(this.links, this.topology.links, makeLink, (element, link) => {
      const path = curve(this.places.get(link.a), this.places.get(link.z), sides.get(link.id));
      for (const line of element.children) set(line, "d", path);
      set(element, "class", `map-${link.state}`);
      set(element, "href", `/${link.ordered ? "subscriptions" : "runs"}/${link.id}`);
      element.info = `${link.description}: ${link.state}`;
    }, this.groups.links);
    if (first) this.fit();
  }

  /** Several circuits between the same two nodes lie beside each other. */
  sides() {
    const pairs = Map.groupBy(this.topology.links, (link) => [link.a, link.z].sort().join());
    const sides = new Map();
    for (const links of pairs.values()) {
      links.forEach((link, number) => {
        const side = number - (links.length - 1) / 2;
        sides.set(link.id, link.a < link.z ? side : -side);
      });
    }
    return sides;
  }

  makeNode(node) {
    const element = make("a", { href: `/subscriptions/${node.id}`, tabindex: this.crowd ? -1 : 0, "aria-label": node.description });
    element.append(make("circle", { r: this.crowd ? 8 : 13 }));
    const label = make("text", { y: this.crowd ? 22 : 31 });
    label.textContent = node.name;
    element.append(label);
    if (node.group && !this.crowd) {
      const site = make("text", { y: 46, class: "site" });
      site.textContent = node.group;
      element.append(site);
    }
    return element;
  }

  fit() {
    const places = this.topology.nodes.map((node) => this.places.get(node.id));
    const [left, right] = extent(places.map((place) => place.x));
    const [top, bottom] = extent(places.map((place) => place.y));
    const { width, height } = this.box.getBoundingClientRect();
    const k = Math.min(1.6, (width - 120) / Math.max(right - left, 1), (height - 130) / Math.max(bottom - top, 1));
    this.at = { k, x: width / 2 - (k * (left + right)) / 2, y: height / 2 - (k * (top + bottom)) / 2 };
    this.settle();
  }

  zoom(factor, x, y) {
    const box = this.box.getBoundingClientRect();
    const centre = { x: x ?? box.width / 2, y: y ?? box.height / 2 };
    const k = Math.min(6, Math.max(0.05, this.at.k * factor));
    this.at = { k, x: centre.x - ((centre.x - this.at.x) * k) / this.at.k, y: centre.y - ((centre.y - this.at.y) * k) / this.at.k };
    this.moved();
  }

  pan(x, y) {
    this.at.x += x;
    this.at.y += y;
    this.moved();
  }

  /** While it moves, the picture that was drawn is shifted and stretched; drawn anew it is when it rests. */
  moved() {
    clearTimeout(this.rests);
    this.rests = setTimeout(() => this.settle(), RESTS_MS);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      const k = this.at.k / this.drawn.k;
      this.svg.style.transform = `translate(${this.at.x - this.drawn.x * k}px, ${this.at.y - this.drawn.y * k}px) scale(${k})`;
    });
  }

  settle() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    clearTimeout(this.rests);
    this.drawn = { ...this.at };
    this.svg.style.transform = "";
    this.svg.classList.toggle("far", this.crowd && this.at.k < 0.7);
    this.view.setAttribute("transform", `translate(${this.at.x} ${this.at.y}) scale(${this.at.k})`);
  }

  move() {
    const { svg } = this;
    const fingers = new Map();
    let moved = 0;
    this.box.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = this.box.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    this.box.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); moved = 0; });
    this.box.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const others = [...fingers.values()].filter((finger) => finger.pointerId !== event.pointerId);
      if (others.length) {
        const box = this.box.getBoundingClientRect();
        const [other] = others;
        const apart = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY) || 1;
        this.zoom(apart(event) / apart(before), (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
      } else {
        this.pan(event.clientX - before.clientX, event.clientY - before.clientY);
      }
      moved += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
      if (moved > 4 && !this.box.hasPointerCapture(event.pointerId)) this.box.setPointerCapture(event.pointerId);
      this.box.classList.toggle("panning", moved > 4);
      fingers.set(event.pointerId, event);
    });
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      this.box.addEventListener(name, (event) => { fingers.delete(event.pointerId); this.box.classList.remove("panning"); });
    }
    // Who drags does not click.
    svg.addEventListener("click", (event) => { if (moved > 4) event.preventDefault(); }, true);
    svg.addEventListener("dragstart", (event) => event.preventDefault());
    svg.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
      if (steps[event.key]) this.pan(...steps[event.key]);
      else if (event.key === "+" || event.key === "=") this.zoom(1.3);
      else if (event.key === "-") this.zoom(0.77);
      else if (event.key === "0") this.fit();
      else return;
      event.preventDefault();
    });
    svg.addEventListener("pointerover", (event) => {
      const info = event.target.closest("a")?.info;
      this.tip.hidden = !info;
      this.tip.textContent = info || "";
    });
  }
}

function keep(elements, items, create, update, parent) {
  const wanted = new Set(items.map((item) => item.id));
  for (const [id, element] of elements) if (!wanted.has(id)) { element.remove(); elements.delete(id); }
  const fresh = document.createDocumentFragment();
  for (const item of items) {
    let element = elements.get(item.id);
    if (!element) { element = create(item); elements.set(item.id, element); fresh.append(element); }
    update(element, item);
  }
  parent.append(fresh);
}

function makeLink(link) {
  const element = make("a", { tabindex: -1, "aria-label": link.description });
  element.append(make("path", { class: "hit" }), make("path", { class: "link" }));
  return element;
}

function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function curve(a, z, side) {
  if (!side) return `M${a.x} ${a.y} L${z.x} ${z.y}`;
  const length = Math.hypot(z.x - a.x, z.y - a.y) || 1;
  const away = side * 36;
  return `M${a.x} ${a.y} Q${(a.x + z.x) / 2 - ((z.y - a.y) / length) * away} ${(a.y + z.y) / 2 + ((z.x - a.x) / length) * away} ${z.x} ${z.y}`;
}

function extent(values) {
  return [Math.min(...values), Math.max(...values)];
}

const box = document.querySelector("[data-map]");
if (box) {
  const map = new NetworkMap(box);
  window.trunklineMap = map;
  document.querySelector("[data-map-fit]").addEventListener("click", () => map.fit());
  for (const button of document.querySelectorAll("[data-map-zoom]")) button.addEventListener("click", () => map.zoom(Number(button.dataset.mapZoom)));
  map.follow();
}
