// A message as an element: text, embeds, pictures, buttons and menus.

import { avatar, clock, h, iconButton, link, local, nameOf, picture } from "./elements.js";
import { inline, markdown } from "./markdown.js";
import { Choices } from "./popups.js";

export const EPHEMERAL = 1 << 6;
export const THINKING = 1 << 7;
const SUPPRESS_EMBEDS = 1 << 2;

const dots = () => h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i"));
const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/** Some words about a message, for those who hear it. */
export function summary(message) {
  const embed = message.embeds[0];
  const words = [message.content, embed?.title, embed?.description].filter(Boolean).join(". ");
  const whose = message.flags & EPHEMERAL ? "Only you can see this. " : "";
  const plain = words.replace(/\\(.)|[*_`~]|\(<?https?:[^)]*\)/g, "$1").slice(0, 200);
  return `${whose}${nameOf(message.author)}: ${message.flags & THINKING ? "thinking" : plain}`;
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
    message.interaction_metadata && message.type >= 20 && used(message),
    !compact && h("div.portrait", {}, avatar(message.author)),
    body,
    page.canUse(message) && apps(message, page),
  );
  element.classList.toggle("private", Boolean(own));
  element.classList.toggle("pinged", pinged);
  element.classList.toggle("compact", compact);
  return element;
}

function heading(message, page) {
  const name = nameOf(message.author);
  const open = ({ currentTarget }) => page.onPerson(message.author, currentTarget);
  const author = page.canUsePerson(message.author)
    ? h("button.author", { type: "button", "aria-haspopup": "menu", onclick: open }, name)
    : h("span.author", {}, name);
  const moment = new Date(message.timestamp);
  return h(
    "div.heading",
    {},
    author,
    message.author.bot && h("span.tag", {}, "App"),
    h("time", { datetime: message.timestamp, title: moment.toLocaleString() }, clock(moment)),
  );
}

/** “Ada used /mixcloud search”, above an answer. */
function used(message) {
  const name = message.interaction?.name || "an app";
  return h(
    "div.used",
    {},
    avatar(message.interaction_metadata.user),
    h("b", {}, nameOf(message.interaction_metadata.user)),
    " used ",
    h("span.command", {}, message.type === 20 ? `/${name}` : name),
  );
}

function apps(message, page) {
  const open = ({ currentTarget }) => page.onApps(message, currentTarget);
  return h("div.toolbar", {}, iconButton("Apps", "⋯", open, { "aria-haspopup": "menu" }));
}

function content(message, page) {
  const edited =
    message.edited_timestamp && !(message.flags & EPHEMERAL) && h("span.edited", {}, "(edited)");
  const parts = [];
  if (message.flags & THINKING) {
    parts.push(
      h("p.thinking", {}, dots(), message.waiting || `${nameOf(message.author)} is thinking…`),
    );
  }
  if (message.content) parts.push(h("div.text", {}, markdown(message.content, page), edited));
  parts.push(message.attachments.map(attachment));
  if (!(message.flags & SUPPRESS_EMBEDS)) parts.push(embeds(message.embeds, page));
  parts.push(message.components.map((component) => part(component, message, page)));
  const failure = page.failures.get(message.id);
  if (failure) parts.push(h("p.failure", { role: "alert" }, failure));
  if (edited && !message.content) parts.push(edited);
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
  if (file.content_type?.startsWith("image/")) {
    return h("div.attachment", {}, picture(file.url, file.description || file.filename));
  }
  const size = `${Math.max(1, Math.round(file.size / 1024)).toLocaleString()} KB`;
  return h(
    "div.attachment.file",
    {},
    h("span", { "aria-hidden": "true" }, "📄"),
    link(file.url, file.filename),
    h("small", {}, size),
  );
}

// Embeds. Those with the same address are one, with several pictures.

function embeds(all, page) {
  const seen = new Map();
  return all
    .map((embed) => {
      const first = embed.url && embed.type === "rich" && seen.get(embed.url);
      if (first && embed.image) {
        first.append(picture(embed.image.url, embed.title || "Picture", "large"));
        return null;
      }
      const element = card(embed, page);
      if (embed.url) seen.set(embed.url, element);
      return element;
    })
    .filter(Boolean);
}

function card(embed, page) {
  const title = embed.title && inline(embed.title, page);
  const about = plainText(embed.title) || embed.author?.name || "Picture";
  const colour =
    embed.color !== undefined &&
    embed.color !== null &&
    `#${embed.color.toString(16).padStart(6, "0")}`;
  return h(
    `article.embed.${embed.type}`,
    { "--bar": colour || null, "aria-label": about },
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
    [footer?.text, moment && moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })]
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
      return menu(component, message, page);
    case 9:
      return h(
        "div.section",
        {},
        h("div", {}, children()),
        part(component.accessory, message, page),
      );
    case 10:
      return h("div.text", {}, markdown(component.content, page));
    case 11:
      return h("div.thumbnail", {}, picture(component.media.url, component.description || ""));
    case 12:
      return h(
        "div.gallery",
        {},
        component.items.map((item) => picture(item.media.url, item.description || "", "large")),
      );
    case 14:
      return component.divider === false ? h("div.gap") : h("hr");
    case 17:
      return h("article.embed", {}, children());
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
  return h(
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
}

function menu(component, message, page) {
  const busy = page.running.has(`${message.id} ${component.custom_id}`);
  const [least, most] = [component.min_values ?? 1, component.max_values ?? 1];
  const chosen = component.options.filter((option) => option.default);
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
  const items = () => {
    const all = component.options.map(({ label, description, emoji, value }) => {
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
