// A message as an element: text, embeds, pictures, buttons and menus.

import {
  avatar,
  bytes,
  clock,
  h,
  iconButton,
  isWebhook,
  link,
  local,
  nameOf,
  picture,
  sign,
} from "./elements.js";
import { spoken } from "./language.js";
import { inline, markdown } from "./markdown.js";
import { Choices } from "./popups.js";

export const EPHEMERAL = 1 << 6;
export const THINKING = 1 << 7;
const SUPPRESS_EMBEDS = 1 << 2;
const COMPONENTS_V2 = 1 << 15;
const REPLY = 19;

const dots = () => h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i"));
const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/** Some words about a message, for those who hear it. */
export function summary(message) {
  const whose = message.flags & EPHEMERAL ? "Only you can see this. " : "";
  const said = message.flags & THINKING ? "thinking" : gist(message);
  return `${whose}${nameOf(message.author)}: ${said}`;
}

/** The beginning of what can be read on a message, without markdown. */
function gist(message) {
  const embed = message.embeds[0];
  const parts = [message.content, embed?.title, embed?.description, ...texts(message.components)];
  const words = parts.filter(Boolean).join(". ");
  return words
    .replace(/^(#{1,3}|-#|>) /gm, "")
    .replace(/\[([^\]]+)\]\(<?https?:[^)]*\)|<t:[^>]*>/g, "$1")
    .replace(/\\(.)|[*_`~]/g, "$1")
    .trim()
    .slice(0, 200);
}

/** What can be read on a layout. */
function texts(components) {
  return components.flatMap(({ type, content, components: children, accessory }) => [
    type === 10 && content,
    ...texts([...(children || []), accessory].filter(Boolean)),
  ]);
}

/**
 * The element of `message`. `page` is what it belongs to: who reads, what is running, and what to
 * do when something on it is used. `compact` leaves out the author, who just spoke.
 */
export function render(message, page, compact) {
  const own = message.flags & EPHEMERAL;
  const pinged = message.mentions.some((user) => user.id === page.me.id);
  const body = h("div.body", {}, !compact && heading(message, page), content(message, page));
  const element = h(
    "li.message",
    { id: `message-${message.id}`, tabindex: "-1", "aria-label": summary(message) },
    message.interaction_metadata && message.type >= 20 && used(message, page),
    message.type === REPLY && answered(message.referenced_message),
    !compact && h("div.portrait", opensPerson(message.author, page), avatar(message.author)),
    body,
    toolbar(message, page),
  );
  element.classList.toggle("private", Boolean(own));
  element.classList.toggle("pinged", pinged);
  element.classList.toggle("compact", compact);
  return element;
}

/** What makes a name or portrait open the person's Apps, on a click or a right click. */
function opensPerson(person, page) {
  if (isWebhook(person) || !page.canUsePerson()) return {};
  const open = (event) => {
    event.preventDefault();
    event.stopPropagation();
    page.onPerson(person, event.currentTarget);
  };
  return { onclick: open, oncontextmenu: open };
}

function heading(message, page) {
  const name = nameOf(message.author);
  const opens = opensPerson(message.author, page);
  const author = opens.onclick
    ? h("button.author", { type: "button", "aria-haspopup": "menu", ...opens }, name)
    : h("span.author", {}, name);
  const moment = new Date(message.timestamp);
  return h(
    "div.heading",
    {},
    author,
    message.author.bot && h("span.tag", {}, "App"),
    h(
      "time",
      { datetime: message.timestamp, title: moment.toLocaleString(spoken()) },
      clock(moment),
    ),
  );
}

/** “Ada used /mixcloud search”, above an answer. */
function used(message, page) {
  const name = message.interaction?.name || "an app";
  return h(
    "div.used",
    {},
    h("span.face", opensPerson(message.interaction_metadata.user, page), [
      avatar(message.interaction_metadata.user),
      h("b", {}, nameOf(message.interaction_metadata.user)),
    ]),
    " used ",
    h("span.command", {}, message.type === 20 ? `/${name}` : name),
  );
}

/** The message that this one replies to, in a line above it. */
function answered(message) {
  if (!message) return h("div.used", {}, "The message that this replies to was deleted.");
  const whose = h("b", {}, `@${nameOf(message.author)}`);
  return h("div.used", {}, avatar(message.author), whose, h("span.gist", {}, gist(message)));
}

/** What can be done with a message: the author's own things, and the bot's. */
function toolbar(message, page) {
  const open = ({ currentTarget }) => page.onApps(message, currentTarget);
  const tools = [];
  if (page.isMine(message)) {
    tools.push(iconButton("Edit", sign("edit"), () => page.onEdit(message)));
    tools.push(iconButton("Delete", sign("delete"), () => page.onDelete(message)));
  }
  if (page.canUse(message)) {
    const menu = { "aria-haspopup": "menu", class: "icon apps" };
    tools.push(iconButton("Apps", "⋯", open, menu));
  }
  return tools.length > 0 && h("div.toolbar", {}, tools);
}

/** The text of a message, to be changed in its place. `save` resolves to what was wrong with it. */
export function editor(message, save, cancel) {
  const problem = h("p.problem", { role: "alert" });
  const text = h("textarea", { "aria-label": "Edit message", maxlength: 2000, rows: 1 });
  text.value = message.content;
  const send = async () => (problem.textContent = (await save(text.value.trim())) || "");
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter" && !event.shiftKey) send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const button = (words, onclick) => h("button.linklike", { type: "button", onclick }, words);
  const hint = h("p.hint", {}, "escape to ", button("cancel", cancel), " · enter to ");
  hint.append(button("save", send));
  return h("div.editor", {}, text, problem, hint);
}

function content(message, page) {
  const moment = message.edited_timestamp && new Date(message.edited_timestamp);
  const edited =
    moment &&
    !(message.flags & EPHEMERAL) &&
    h("span.edited", { title: moment.toLocaleString(spoken()) }, "(edited)");
  const parts = [];
  if (message.flags & THINKING) {
    parts.push(
      h("p.thinking", {}, dots(), message.waiting || `${nameOf(message.author)} is thinking…`),
    );
  }
  const layout = message.flags & COMPONENTS_V2; // shows its files itself, or not at all
  const editing = page.editor?.id === message.id;
  if (editing) parts.push(page.editor.element);
  else if (message.content) parts.push(h("div.text", {}, markdown(message.content, page), edited));
  if (!layout) parts.push(message.attachments.map(attachment));
  if (!(message.flags & SUPPRESS_EMBEDS)) parts.push(embeds(message, page));
  const components = message.components.map((component) => part(component, message, page));
  parts.push(layout ? h("div.layout", {}, components) : components);
  const failure = page.failures.get(message.id);
  if (failure) parts.push(h("p.failure", { role: "alert" }, failure));
  if (edited && !message.content && !editing) parts.push(edited);
  if (message.flags & EPHEMERAL) parts.push(footer(message, page));
  return parts;
}

function footer(message, page) {
  return h(
    "p.footer",
    {},
    h("span.eye", { "aria-hidden": "true" }, "◉"),
    "Only you can see this · ",
    h(
      "button.linklike",
      { type: "button", onclick: () => page.onDismiss(message) },
      "Dismiss message",
    ),
  );
}

function attachment(file) {
  if (file.content_type?.startsWith("image/"))
    return h("div.attachment", {}, medium(file.url, file.description, file.filename));
  return fileCard(file.filename, file.size, file.url);
}

function fileCard(name, size, url) {
  const download = { href: local(url), download: name, "aria-label": `Download ${name}` };
  return h(
    "div.attachment.file",
    {},
    sign("file"),
    h("div.about", {}, link(url, name), h("small", {}, bytes(size))),
    h("a.icon.download", { ...download, title: download["aria-label"] }, sign("download")),
  );
}

/** A picture; where it has a description, that can be read, too. */
function medium(url, description, otherwise = "") {
  const image = picture(url, description || otherwise, "large");
  if (!description) return h("div.medium", {}, image);
  const words = h("p.description", { hidden: true }, description);
  const about = { type: "button", "aria-label": "Image description", "aria-expanded": "false" };
  const button = h("button.alt", { ...about, title: description }, "ALT");
  button.addEventListener("click", () => {
    words.hidden = !words.hidden;
    button.setAttribute("aria-expanded", String(!words.hidden));
  });
  const element = h("div.medium", {}, image, words, button);
  element.drawnFrom = JSON.stringify([url, description]);
  return element;
}

// Embeds. Those with the same address are one, with several pictures.

function embeds(message, page) {
  const seen = new Map();
  return message.embeds
    .map((embed) => {
      const first = embed.url && embed.type === "rich" && seen.get(embed.url);
      if (first && embed.image) {
        first.append(picture(embed.image.url, embed.title || "Picture", "large"));
        return null;
      }
      const element = card(embed, page);
      if (page.isMine(message))
        element.append(iconButton("Remove the preview", "✕", () => page.onSuppress(message)));
      if (embed.url) seen.set(embed.url, element);
      return element;
    })
    .filter(Boolean);
}

function card(embed, page) {
  const title = embed.title && inline(embed.title, page);
  const about = plainText(embed.title) || embed.author?.name || "Picture";
  return h(
    `article.embed.${embed.type}`,
    { "--bar": colour(embed.color), "aria-label": about },
    h(
      "div.top",
      {},
      h(
        "div.lead",
        {},
        embed.provider?.name && h("p.provider", {}, embed.provider.name),
        embed.author && author(embed.author),
        title && h("p.title", {}, embed.url ? link(embed.url, title) : title),
        embed.description && h("div.text", {}, markdown(embed.description, page)),
        embed.fields?.length && fields(embed.fields, page),
      ),
      embed.thumbnail && h("div.thumbnail", {}, picture(embed.thumbnail.url, about)),
    ),
    embed.image && picture(embed.image.url, about, "large"),
    (embed.footer || embed.timestamp) && foot(embed),
  );
}

const colour = (number) =>
  number === undefined || number === null ? null : `#${number.toString(16).padStart(6, "0")}`;

const plainText = (text) => text && text.replace(/\\(.)|\*\*/g, "$1");

function author({ name, url, icon_url }) {
  return h(
    "p.by",
    {},
    icon_url && picture(icon_url, "", "face"),
    url ? link(url, name) : h("span", {}, name),
  );
}

/** Fields side by side, three in a row at most. */
function fields(all, page) {
  const rows = [];
  for (const field of all) {
    const row = rows.at(-1);
    if (field.inline && row?.[0].inline && row.length < 3) row.push(field);
    else rows.push([field]);
  }
  const one = (field) =>
    h("div", {}, h("dt", {}, inline(field.name, page)), h("dd", {}, markdown(field.value, page)));
  return rows.map((row) => h("dl.fields", { "--columns": row.length }, row.map(one)));
}

function foot({ footer, timestamp }) {
  const moment = timestamp && new Date(timestamp);
  return h(
    "p.foot",
    {},
    footer?.icon_url && picture(footer.icon_url, "", "face"),
    [footer?.text, moment && moment.toLocaleString(spoken(), { dateStyle: "medium", timeStyle: "short" })]
      .filter(Boolean)
      .join(" · "),
  );
}

// Buttons, menus, and the other components.

function part(component, message, page) {
  const children = () => component.components.map((child) => part(child, message, page));
  switch (component.type) {
    case 1:
      return h("div.row", {}, children());
    case 2:
      return button(component, message, page);
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return menu(component, message, page);
    case 9: {
      const beside = part(component.accessory, message, page);
      return h("div.section", {}, h("div.lead", {}, children()), beside);
    }
    case 10:
      return h("div.text", {}, markdown(component.content, page));
    case 11:
      return h("div.thumbnail", {}, medium(component.media.url, component.description));
    case 12: {
      const media = component.items.map((item) => medium(item.media.url, item.description));
      return h(`div.gallery.of-${media.length}`, {}, media);
    }
    case 13:
      return fileCard(component.name, component.size, component.file.url);
    case 14: {
      const wide = component.spacing === 2 ? ".wide" : "";
      return component.divider === false ? h(`div.gap${wide}`) : h(`hr.rule${wide}`);
    }
    case 17: {
      const bar = colour(component.accent_color);
      return h(`article.container${bar ? ".accented" : ""}`, { "--bar": bar }, children());
    }
  }
  return h("p.subtext", {}, "(This page cannot show this part of the message.)");
}

function button(component, message, page) {
  const label = [
    component.emoji?.name &&
      h("span.emoji", { "aria-hidden": Boolean(component.label) && "true" }, component.emoji.name),
    component.label && h("span", {}, component.label),
  ];
  const kind = `button.${BUTTON_STYLES[component.style] || "secondary"}`;
  if (component.style === 5) {
    const url = local(component.url);
    const dead = component.disabled || !url;
    return h(
      `a.${kind}`,
      {
        href: !dead && url,
        "aria-disabled": dead && "true",
        target: "_blank",
        rel: "noopener",
        title: component.url,
      },
      label,
      h("span.away", { "aria-hidden": "true" }, "↗"),
    );
  }
  const busy = page.running.has(`${message.id} ${component.custom_id}`);
  const element = h(
    `button.${kind}`,
    {
      type: "button",
      disabled: component.disabled,
      "aria-busy": busy && "true",
      onclick: () => busy || page.onClick(message, component),
    },
    h("span.inside", {}, label),
    busy && dots(),
  );
  element.drawnFrom = JSON.stringify([component, busy]);
  return element;
}

/** What a menu offers: entries of its own, or the people, roles and places there are. */
function offers(component, page) {
  if (component.type === 3) return component.options;
  const picked = new Set((component.default_values || []).map(({ id }) => id));
  const entry = (label, { id }) => ({ label, value: id, default: picked.has(id) });
  const people = page.people().map((user) => entry(nameOf(user), user));
  const roles = page.roles().map((role) => entry(`@${role.name.replace(/^@/, "")}`, role));
  const kinds = component.channel_types || [];
  const places = page.places().filter(({ kind }) => !kinds.length || kinds.includes(kind));
  const channels = places.map((place) => entry(`#${place.name}`, place));
  return { 5: people, 6: roles, 7: [...people, ...roles], 8: channels }[component.type];
}

function menu(component, message, page) {
  const options = offers(component, page);
  const busy = page.running.has(`${message.id} ${component.custom_id}`);
  const [least, most] = [component.min_values ?? 1, component.max_values ?? 1];
  const chosen = options.filter((option) => option.default);
  const picked = new Set(chosen.map((option) => option.value));
  const prompt = component.placeholder || "Make a selection";
  const shown = chosen.map((option) => option.label).join(", ");
  const owner = h(
    "button.select",
    {
      type: "button",
      disabled: component.disabled,
      "aria-busy": busy && "true",
      "aria-label": shown ? `${prompt} ${shown}` : prompt,
    },
    h("span", { class: !shown && "prompt" }, shown || prompt),
    busy ? dots() : h("span.arrow", { "aria-hidden": "true" }, "⌄"),
  );
  owner.drawnFrom = JSON.stringify([component, options, busy]);
  const items = () => {
    const all = options.map(({ label, description, emoji, value }) => {
      const is = picked.has(value);
      return { label, description, mark: emoji?.name, value, picked: is, aside: is && "✓" };
    });
    if (most > 1) all.push({ label: "Done", done: true, disabled: picked.size < least });
    return all;
  };
  const send = () => {
    list.hide();
    page.onChoose(message, component, [...picked]);
  };
  const pick = ({ value, done }) => {
    if (done) return send();
    if (most === 1) picked.clear();
    if (!picked.delete(value) && picked.size < most) picked.add(value);
    if (most === 1) send();
    else list.show(items(), list.active);
  };
  const list = new Choices(owner, { label: prompt, onPick: pick });
  const open = () =>
    list.show(
      items(),
      Math.max(
        items().findIndex((item) => item.picked),
        0,
      ),
    );
  owner.addEventListener("click", () => busy || (list.open ? list.hide() : open()));
  owner.addEventListener("blur", () => list.hide());
  owner.addEventListener("keydown", (event) => {
    if (busy || list.key(event) || list.open || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    open();
  });
  return owner;
}
