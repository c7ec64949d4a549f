// Finds places for nodes, in a thread of its own: what has a place keeps it.
"use strict";

onmessage = ({ data }) => {
  if (!self.d3) importScripts(...data.parts);
  const nodes = data.nodes.map((node) => ({ ...node, ...(node.x === undefined ? {} : { fx: node.x, fy: node.y }) }));
  const links = data.links.map(([source, target]) => ({ source, target }));
  const simulation = d3
    .forceSimulation(nodes)
    .force("link", d3.forceLink(links).id((node) => node.id).distance(nodes.length > 100 ? 70 : 150).strength(0.5))
    .force("charge", d3.forceManyBody().strength(nodes.length > 100 ? -220 : -700).distanceMax(900))
    .force("x", d3.forceX(0).strength(nodes.length > 100 ? 0.03 : 0.06))
    .force("y", d3.forceY(0).strength(nodes.length > 100 ? 0.045 : 0.1))
    .force("site", together(nodes))
    .force("apart", d3.forceCollide(nodes.length > 100 ? 22 : 48))
    .stop();
  const ticks = nodes.length > 300 ? 160 : 300;
  for (let tick = 0; tick < ticks; tick += 1) {
    simulation.tick();
    // Something to look at early.
    if (tick === 30) post(nodes, false);
  }
  post(nodes, true);
};

function post(nodes, done) {
  postMessage({ done, places: nodes.map(({ id, x, y }) => [id, Math.round(x), Math.round(y)]) });
}

/** A force that keeps the nodes of one site near each other. */
function together(nodes) {
  const sites = Map.groupBy(nodes.filter((node) => node.group), (node) => node.group);
  return (alpha) => {
    for (const members of sites.values()) {
      if (members.length < 2) continue;
      const x = members.reduce((sum, node) => sum + node.x, 0) / members.length;
      const y = members.reduce((sum, node) => sum + node.y, 0) / members.length;
      for (const node of members) {
        node.vx += (x - node.x) * alpha * 0.15;
        node.vy += (y - node.y) * alpha * 0.15;
      }
    }
  };
}
