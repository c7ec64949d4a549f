// What every page does: times in the reader's zone, keys, theme, and parts that are asked for again.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const year = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function ageOf(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  for (const [name, length] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${name} ago`;
  }
  return seconds < 5 ? "just now" : `${seconds} s ago`;
}

function localise(within) {
  const now = new Date();
  for (const element of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    const today = moment.toDateString() === now.toDateString();
    element.title = whole.format(moment);
    if ("age" in element.dataset) {
      element.textContent = ageOf(now - moment);
      continue;
    }
    const format = today ? clock : moment.getFullYear() === now.getFullYear() ? day : year;
    element.textContent = format.format(moment);
  }
  for (const element of within.querySelectorAll("[data-zone]")) element.textContent = zone;
}
localise(document);
setInterval(() => { for (const element of document.querySelectorAll("time[data-age]")) localise(element.parentElement); }, 10_000);

// An address says only what is not so by itself.
function shorten(parameters, usual) {
  const given = new FormData();
  for (const [name, value] of parameters.entries()) {
    if (value && value !== usual[name]) given.append(name, value);
  }
  const names = [...given.getAll("columns")];
  given.delete("columns");
  if (names.length && names.join() !== usual.columns) given.set("columns", names.join());
  for (const name of new Set(parameters.keys())) parameters.delete(name);
  for (const [name, value] of given) parameters.append(name, value);
}

// A part that was not changed is answered with nothing: the page says which one it has.
document.body.addEventListener("htmx:configRequest", (event) => {
  const seen = event.detail.elt.dataset.seen;
  if (seen) event.detail.parameters.seen = seen;
  if (event.detail.elt.matches("form.filters")) shorten(event.detail.parameters, event.detail.elt.dataset);
});
document.body.addEventListener("htmx:afterOnLoad", (event) => {
  const seen = event.detail.xhr.getResponseHeader("X-Seen");
  if (seen) event.detail.elt.dataset.seen = seen;
});
// What a filter or an address does not allow comes as a page: it is shown instead of what was there.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && event.detail.xhr.status < 500 && event.detail.elt.matches("form.filters")) {
    window.location.assign(event.detail.pathInfo.finalRequestPath);
  }
});
document.body.addEventListener("htmx:afterSwap", (event) => localise(event.detail.target.isConnected ? event.detail.target : document));
document.body.addEventListener("htmx:pushedIntoHistory", () => {
  // The links to files follow the filters.
  const query = new URLSearchParams(window.location.search);
  for (const name of ["cursor", "limit", "columns"]) query.delete(name);
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  for (const link of document.querySelectorAll("[data-export]")) {
    link.href = `/subscriptions/export.${link.dataset.export}${query.size ? `?${query}` : ""}`;
  }
});

// A form that takes a while says so, and is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) return event.preventDefault();
  if (form.hasAttribute("data-busy")) {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    // Enter presses a button that is not shown.
    const pressed = event.submitter?.offsetParent ? event.submitter : form.querySelector("button.primary, button.danger");
    pressed?.classList.add("is-busy");
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("keysButton" in button.dataset) document.getElementById("keys").showModal();
  if ("themeButton" in button.dataset) {
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    document.cookie = `trunkline_theme=${next}; path=/; max-age=31536000; samesite=lax`;
  }
  if (button.dataset.copy) {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.textContent = "Copied";
  }
});

// On a narrow screen the menu is longer than the screen: the page that is open is in sight.
const stops = document.querySelector(".rail nav");
const here = stops?.querySelector("[aria-current]")?.parentElement;
if (here) stops.scrollLeft = here.offsetLeft - (stops.clientWidth - here.offsetWidth) / 2;

let going = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (event.key === "/") {
    event.preventDefault();
    (document.querySelector(".filters [type=search]") || document.getElementById("everywhere"))?.focus();
  } else if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  } else if (event.key === "g") {
    going = Date.now();
  } else if (Date.now() - going < 1500) {
    going = 0;
    document.querySelector(`.stops a[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
});
// A menu closes when one clicks elsewhere, or presses Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
