// The part of Discord's markdown that messages and embeds use, as elements.

import { h, link, nameOf } from "./elements.js";
import { spoken } from "./language.js";

const INLINE = [
  [/\\([^0-9A-Za-z\s])/y, ([, character]) => character],
  [/(`+)([^]*?[^`])\1(?!`)/y, ([, , code]) => h("code", {}, code.trim())],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, ([, seconds, style]) => time(seconds * 1000, style)],
  [/<\/([^:<>\n]{1,100}):(\d+)>/y, ([, name], to) => to.command(name)],
  [/<@!?(\d+)>/y, ([, id], to) => mention("@", to.person(id), to.onPerson)],
  [/<#(\d+)>/y, ([, id], to) => mention("#", to.place(id))],
  [/<(https?:\/\/[^\s<>]+)>/y, ([, url]) => link(url, url)],
  [
    /\[((?:\\[^]|\[[^\]]*\]|[^[\]\\])+)\]\((?:<(https?:\/\/[^\s<>]+)>|(https?:\/\/[^\s()]*(?:\([^\s()]*\)[^\s()]*)*))\)/y,
    ([, text, quoted, bare], to) => link(quoted || bare, inline(text, to)),
  ],
  [/https?:\/\/[^\s<]*[^\s<.,:;"'\])!?]/y, ([url]) => link(url, url)],
  [/\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/y, ([, text], to) => h("strong", {}, inline(text, to))],
  [/__((?:\\[^]|[^\\])+?)__(?!_)/y, ([, text], to) => h("u", {}, inline(text, to))],
  [/~~((?:\\[^]|[^\\])+?)~~/y, ([, text], to) => h("s", {}, inline(text, to))],
  [/\|\|((?:\\[^]|[^\\])+?)\|\|/y, ([, text], to) => spoiler(inline(text, to))],
  [/\*(?=\S)((?:\\[^]|\*\*|[^\\*])+?)\*(?!\*)/y, ([, text], to) => h("em", {}, inline(text, to))],
  [
    /(?<![\p{L}\p{N}])_((?:\\[^]|__|[^\\_])+?)_(?![\p{L}\p{N}])/uy,
    ([, text], to) => h("em", {}, inline(text, to)),
  ],
];
const SPECIAL = /[\\`<[*_~|]|https?:\/\//g;

/** Text without blocks: a title, a line. `to` knows people, places and commands. */
export function inline(text, to) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    at = next;
    if (at >= text.length) break;
    const [length, node] = special(text, at, to);
    if (typeof node === "string") plain += node;
    else {
      nodes.push(plain, node);
      plain = "";
    }
    at += length;
  }
  nodes.push(plain);
  return nodes.filter((node) => node !== "");
}

function special(text, at, to) {
  for (const [pattern, make] of INLINE) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return [match[0].length, make(match, to)];
  }
  return [1, text[at]];
}

/** Text with headings, lists, quotes and code blocks. */
export function markdown(text, to) {
  const nodes = [];
  text.split(/```(?:[\w+-]*\n)?([^]+?)```/).forEach((part, index) => {
    if (index % 2) nodes.push(h("pre", { tabindex: "0" }, h("code", {}, part.replace(/\n$/, ""))));
    else if (part.trim()) nodes.push(...blocks(part.replace(/^\n|\n$/g, ""), to));
  });
  return nodes;
}

const BLOCKS = [
  [/^(#{1,3}) +(.+)/, ([, marks]) => h(`p.heading.size-${marks.length}`), 2],
  [/^-# +(.+)/, () => h("p.subtext"), 1],
  [/^ *[-*] +(.+)/, ([line]) => h("p.item", { "data-depth": depth(line) }), 1],
  [/^ *(\d{1,9}\.) +(.+)/, ([line, number]) => h("p.item", { "data-number": number }), 2],
];
const depth = (line) => (/^ +/.test(line) ? "1" : null);

function blocks(text, to) {
  const nodes = [];
  const lines = text.split("\n");
  while (lines.length) {
    const block = BLOCKS.find(([pattern]) => pattern.test(lines[0]));
    if (lines[0].startsWith(">>> ")) {
      const quoted = lines.splice(0).join("\n").slice(4);
      nodes.push(h("blockquote", {}, blocks(quoted, to)));
    } else if (QUOTED.test(lines[0])) {
      const quoted = taken(lines, (line) => QUOTED.test(line)).map((line) => line.slice(2));
      nodes.push(h("blockquote", {}, blocks(quoted.join("\n"), to)));
    } else if (block) {
      const match = block[0].exec(lines.shift());
      const element = block[1](match);
      element.append(...inline(match[block[2]], to));
      nodes.push(element);
    } else {
      nodes.push(h("p", {}, inline(taken(lines, isPlain).join("\n"), to)));
    }
  }
  return nodes;
}

const QUOTED = /^> /;
const isPlain = (line) => !/^(>>>|>) /.test(line) && !BLOCKS.some(([block]) => block.test(line));

/** Take the lines from the beginning of `lines` that belong together. */
function taken(lines, belongs) {
  const end = lines.findIndex((line) => !belongs(line));
  return lines.splice(0, end < 0 ? lines.length : end);
}

function mention(sign, what, open) {
  const name = sign + (what ? what.name || nameOf(what) : "unknown");
  if (!what || !open) return h("span.mention", {}, name);
  const onclick = ({ currentTarget }) => open(what, currentTarget);
  return h("button.mention", { type: "button", onclick }, name);
}

function spoiler(content) {
  const shown = h(
    "button.spoiler",
    { type: "button", "aria-label": "Spoiler, show it" },
    h("span", {}, content),
  );
  shown.addEventListener("click", () => shown.replaceWith(...content), { once: true });
  return shown;
}

// Moments, in the reader's own words.

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [
  ["year", 31557600],
  ["month", 2629800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function time(milliseconds, style = "f") {
  const moment = new Date(milliseconds);
  if (Number.isNaN(moment.getTime())) return "Invalid Date";
  const absolute = (options) => new Intl.DateTimeFormat(spoken(), options).format(moment);
  const text = style === "R" ? relative(milliseconds) : absolute(STYLES[style]);
  return h(
    "time",
    {
      datetime: moment.toISOString(),
      title: absolute(STYLES.F),
      "data-relative": style === "R" && milliseconds,
    },
    text,
  );
}

function relative(milliseconds) {
  const seconds = (milliseconds - Date.now()) / 1000;
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || UNITS.at(-1);
  return new Intl.RelativeTimeFormat(spoken(), { numeric: "auto" }).format(
    Math.round(seconds / length),
    unit,
  );
}

/** Let “in 3 minutes” become “in 2 minutes”; to be called now and then. */
export function refreshTimes() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    element.textContent = relative(Number(element.dataset.relative));
  }
}
