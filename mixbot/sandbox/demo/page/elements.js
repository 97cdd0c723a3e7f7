// Making elements. Text is only ever inserted as text.

import { spoken } from "./language.js";

/** `h("button.primary", {type: "button", onclick: f}, "Go")`; empty children are left out. */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.startsWith("--")) element.style.setProperty(key, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child || child === 0));
  return element;
}

/** A little drawing without words. */
export const sign = (name) => h(`span.sign.${name}`, { "aria-hidden": "true" });

/** A labelled list of `{value: words}` to choose one from. */
export function select(label, choices, chosen, onchange) {
  const one = ([value, words]) => h("option", { value, selected: value === chosen }, words);
  const act = ({ target }) => onchange(target.value);
  const field = h("select", { "aria-label": label, onchange: act }, Object.entries(choices).map(one));
  return h("label.choose", {}, h("span", {}, label), field);
}

/** A button that shows a sign instead of its name. */
export function iconButton(label, sign, onclick, attributes = {}) {
  const name = { type: "button", "aria-label": label, title: label };
  return h("button.icon", { ...name, onclick, ...attributes }, sign);
}

export const byId = (id) => document.getElementById(id);

let hosts = [];

/** Remember which addresses outside are found on this machine: `{"https://…": "http://…"}`. */
export function setHosts(mapping) {
  hosts = Object.entries(mapping);
}

/** Where `url` is found: here, if it is an address of the sandbox; null if it is no web address. */
export function local(url) {
  for (const [outside, here] of hosts) {
    const rest = url.slice(outside.length);
    if (url.startsWith(outside) && (!rest || outside.endsWith("/") || "/?#".includes(rest[0]))) {
      return here + rest;
    }
  }
  return /^https?:\/\//.test(url) ? url : null;
}

export function link(url, ...children) {
  const here = local(url);
  if (!here) return h("span", {}, children);
  return h("a", { href: here, target: "_blank", rel: "noopener", title: url }, children);
}

/** A picture, or its description where it cannot be loaded. */
export function picture(url, alt, className) {
  const here = local(url);
  const missing = () => h(`span.missing${className ? `.${className}` : ""}`, {}, alt || "Picture");
  if (!here) return missing();
  const image = h(`img${className ? `.${className}` : ""}`, { src: here, alt, loading: "lazy" });
  image.drawnFrom = JSON.stringify([here, alt, className]);
  image.addEventListener("error", () => {
    const words = missing();
    words.drawnFrom = image.drawnFrom;
    image.replaceWith(words);
  });
  return image;
}

let bot = null;

export function setBot({ id }) {
  bot = id;
}

export function avatar(user) {
  if (user.id === bot) return h("img.avatar", { src: "/mixbot.svg", alt: "" });
  const hue = [...user.username].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 360;
  return h("span.avatar", { "--hue": hue, "aria-hidden": "true" }, nameOf(user)[0].toUpperCase());
}

/** Whether it is a webhook's name, behind which there is nobody. */
export const isWebhook = (user) => user.discriminator === "0000";

export const nameOf = (user) => user.global_name || user.username;

export function clock(moment) {
  return moment.toLocaleTimeString(spoken(), { hour: "numeric", minute: "2-digit" });
}

const UNITS = ["bytes", "KB", "MB"];

/** A size as Discord writes it: `812 bytes`, `1.21 KB`. */
export function bytes(size) {
  const unit = size < 1024 ? 0 : size < 1024 ** 2 ? 1 : 2;
  return `${(size / 1024 ** unit).toLocaleString(spoken(), { maximumFractionDigits: 2 })} ${UNITS[unit]}`;
}
