// The page: who is here, where they are, and what happens.

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { avatar, byId, h, nameOf, select, setBot, setHosts, sign } from "./elements.js";
import { setFiles } from "./files.js";
import { openForm } from "./forms.js";
import { called, LANGUAGES, speak } from "./language.js";
import { refreshTimes } from "./markdown.js";
import { editor, EPHEMERAL, render, summary, THINKING } from "./messages.js";
import { morph } from "./morph.js";
import { Choices, confirm, openMenu } from "./popups.js";
import { chosen, THEMES, wear } from "./theme.js";
import { welcome } from "./welcome.js";

const [USER_COMMAND, MESSAGE_COMMAND] = [2, 3];
const [DM, GROUP_DM, NEWS, NEWS_THREAD, THREAD, PRIVATE_THREAD, FORUM] = [1, 3, 5, 10, 11, 12, 15];
const THREADS = [NEWS_THREAD, THREAD, PRIVATE_THREAD];
const TOGETHER = 7 * 60 * 1000; // messages of one person this close share a heading
const SLOW = 400; // milliseconds until a command that was sent is shown as waiting
const NEAR = 80; // pixels from the end that still count as being there
const TYPES_FOR = 8000; // milliseconds

const SIGNS = { [NEWS]: "news", [FORUM]: "forum", [GROUP_DM]: "people" };
THREADS.forEach((kind) => (SIGNS[kind] = "thread"));

const log = byId("log");
const list = byId("messages");

/** What can be read on a message, but for the numbers and bars of something under way. */
const words = (message) => summary(message).replace(/[^\p{Alphabetic}]+/gu, " ");

class Page {
  constructor() {
    this.me = null;
    this.people_ = [];
    this.places_ = new Map();
    this.here = null;
    this.running = new Set();
    this.failures = new Map();
    this.atEnd = true;
    this.locals = 0;
    this.editor = null; // of the message that is being changed: its id and element
    this.connection = new Connection({
      onEvent: (event) => this[event.event]?.(event),
      onOnline: (online) => (byId("offline").hidden = online),
    });
    this.composer = new Composer(this);
  }

  start() {
    const asked = Object.fromEntries(new URLSearchParams(location.search));
    history.replaceState(null, "", "/");
    wear(asked.theme || chosen());
    this.asked = asked;
    this.connection.open(asked.person || sessionStorage.getItem("person") || "ada");
  }

  // What the markdown and the message box ask.

  people = () => this.people_;
  places = () => [...this.places_.values()].filter((place) => place.guild);
  roles = () => this.here.roles;
  person = (id) => [...this.people_, this.bot].find((user) => user.id === id);
  place = (id) => this.places_.get(id);
  command = (path) =>
    h("button.command", { type: "button", onclick: () => this.composer.start(path) }, `/${path}`);

  // What happens.

  everything({ me, people, bot, hosts, places, samples, size_limit }) {
    if (this.hosts && this.hosts !== JSON.stringify(hosts)) return location.reload(); // another demo
    Object.assign(this, { me, people_: people, bot, hosts: JSON.stringify(hosts), editor: null });
    speak(me.locale);
    sessionStorage.setItem("person", me.username);
    setHosts(hosts);
    setFiles(samples, size_limit);
    setBot(bot);
    const before = this.here;
    this.places_ = new Map();
    places.forEach((place) => this.add(place));
    this.running.clear();
    this.failures.clear();
    this.drawPeople();
    const same = (place) => before && place.name === before.name && place.guild === before.guild;
    this.go(([...this.places_.values()].find(same) || this.places_.values().next().value).id);
    this.ready = true;
    document.body.dataset.person = me.username;
    if (this.asked.locale in LANGUAGES) this.onLanguage(this.asked.locale);
    delete this.asked.locale;
  }

  add(place) {
    const messages = new Map(place.messages.map((message) => [message.id, message]));
    this.places_.set(place.id, { ...place, messages, unread: 0 });
  }

  place_created({ place }) {
    if (this.places_.has(place.id)) return;
    this.add(place);
    this.drawPlaces();
    if (this.here.id === place.parent && this.here.kind === FORUM) this.greet();
    if (this.expected === place.name) this.go(place.id);
  }

  message_created({ channel_id, message }) {
    const place = this.places_.get(channel_id);
    if (!place) return;
    const known = place.messages.has(message.id);
    place.messages.set(message.id, message);
    this.quiet(message.author.id);
    if (known) return this.patch(message);
    if (place === this.here) return this.append(message);
    place.unread += 1;
    this.drawPlaces();
  }

  message_updated({ channel_id, message }) {
    const place = this.places_.get(channel_id);
    const before = place?.messages.get(message.id);
    if (!before) return;
    place.messages.set(message.id, message);
    if (place !== this.here) return;
    this.patch(message);
    if (words(before) !== words(message)) this.announce(message);
  }

  message_deleted({ channel_id, message }) {
    const place = this.places_.get(channel_id);
    if (this.editor?.id === message.id) this.editor = null;
    if (place?.messages.delete(message.id) && place === this.here) this.redraw();
  }

  typing_started({ channel_id, user }) {
    if (channel_id !== this.here.id || user.id === this.me.id) return;
    byId("typing").textContent = `${nameOf(user)} is typing…`;
    clearTimeout(this.typist?.timer);
    this.typist = { id: user.id, timer: setTimeout(() => this.quiet(user.id), TYPES_FOR) };
  }

  quiet(id) {
    if (this.typist?.id === id) byId("typing").textContent = "";
  }

  // What the reader does. Each of these shows what came of it.

  onSay(content) {
    this.atEnd = true;
    return this.connection.ask("say", { channel: this.here.id, content });
  }

  onEdit({ id }) {
    const place = this.here;
    const message = place.messages.get(id);
    const close = () => {
      this.editor = null;
      if (place === this.here) this.patch(place.messages.get(message.id));
      this.composer.text.focus();
    };
    const save = async (content) => {
      if (!content) return this.onDelete(message);
      const details = { message: message.id, content };
      const { refused } =
        content === message.content ? {} : await this.connection.ask("edit", details);
      if (refused) return refused;
      close();
    };
    const before = place.messages.get(this.editor?.id);
    this.editor = { id: message.id, element: editor(message, save, close) };
    if (before) this.patch(before);
    this.patch(message);
    const text = this.editor.element.querySelector("textarea");
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }

  onDelete(message) {
    const act = async () => {
      await this.connection.ask("delete", { message: message.id });
      this.composer.text.focus();
    };
    confirm("Delete message", "Are you sure you want to delete this message?", act, "Delete");
  }

  onSuppress(message) {
    return this.connection.ask("suppress", { message: message.id });
  }

  /** Begin a post in the forum that is open. */
  onPost() {
    const field = (custom_id, label, style, max_length) => ({
      type: 18,
      label,
      component: { type: 4, custom_id, style, max_length },
    });
    const components = [field("title", "Title", 1, 100), field("content", "Message", 2, 2000)];
    const channel = this.here.id;
    openForm({ title: "New post", components }, async (values) => {
      if (!values.title.trim()) return "Title: this field is required";
      this.expected = values.title;
      const { refused } = await this.connection.ask("post", { channel, ...values });
      return refused || null;
    });
  }

  async onLanguage(locale) {
    await this.connection.ask("speak", { locale });
    this.me.locale = locale;
    speak(locale);
    this.drawPeople();
    this.go(this.here.id);
  }

  onComplete(command, focused, values) {
    return this.connection.ask("complete", { channel: this.here.id, command, focused, values });
  }

  onCommand(command, values) {
    return this.use(`/${command}`, "command", { channel: this.here.id, command, values });
  }

  onApps(message, anchor) {
    const use = (name) => () => this.use(name, "menu", { message: message.id, name });
    openMenu(
      anchor,
      "Apps",
      this.menus(MESSAGE_COMMAND).map(({ name, label }) => ({ label, act: use(name) })),
    );
  }

  onPerson = (person, anchor) => {
    if (!this.canUsePerson()) return;
    const details = { person: person.id, channel: this.here.id };
    const use = (name) => () => this.use(name, "person_menu", { ...details, name });
    openMenu(
      anchor,
      `${nameOf(person)} · Apps`,
      this.menus(USER_COMMAND).map(({ name, label }) => ({ label, act: use(name) })),
    );
  };

  menus = (type) =>
    this.here.commands
      .filter((command) => command.type === type)
      .map((command) => ({ name: command.name, label: called(command) }));
  isMine = (message) => message.author.id === this.me.id && !message.id.startsWith("local-");
  canUse = (message) => !(message.flags & EPHEMERAL) && this.menus(MESSAGE_COMMAND).length > 0;
  canUsePerson = () => this.menus(USER_COMMAND).length > 0;

  /** Use a command or a menu entry; a line of its own tells when it takes long or fails. */
  async use(name, deed, details) {
    this.atEnd = true;
    const place = this.here;
    const line = this.line(name);
    const show = () => this.message_created({ channel_id: place.id, message: line });
    const slow = setTimeout(show, SLOW);
    const answer = await this.connection.ask(deed, details);
    clearTimeout(slow);
    if (place.messages.has(line.id)) this.message_deleted({ channel_id: place.id, message: line });
    const problem = answer.failed || (deed !== "command" && answer.refused);
    if (problem) {
      this.failures.set(line.id, problem);
      this.message_created({ channel_id: place.id, message: { ...line, flags: EPHEMERAL } });
    }
    this.openModal(answer.done);
    return answer;
  }

  /** A message that only this page knows, about a command on its way. */
  line(name) {
    return {
      id: `local-${++this.locals}`,
      type: name.startsWith("/") ? 20 : 23,
      author: this.bot,
      content: "",
      waiting: "Sending the command…",
      timestamp: new Date().toISOString(),
      flags: EPHEMERAL | THINKING,
      interaction: { name: name.replace("/", "") },
      interaction_metadata: { user: this.me },
      mentions: [],
      attachments: [],
      embeds: [],
      components: [],
    };
  }

  onClick(message, { custom_id }) {
    return this.touch(message, custom_id, "click", {});
  }

  onChoose(message, { custom_id }, values) {
    return this.touch(message, custom_id, "choose", { values });
  }

  /** Use a button or a menu of a message, which shows that it is at work and whether it failed. */
  async touch(message, custom_id, deed, details) {
    const place = this.here;
    const key = `${message.id} ${custom_id}`;
    this.running.add(key);
    this.failures.delete(message.id);
    this.patch(message);
    const answer = await this.connection.ask(deed, { message: message.id, custom_id, ...details });
    this.running.delete(key);
    if (answer.failed || answer.refused)
      this.failures.set(message.id, answer.failed || answer.refused);
    const current = place.messages.get(message.id);
    if (current && place === this.here) this.patch(current);
    this.openModal(answer.done);
  }

  openModal(done) {
    if (!done?.modal) return;
    openForm(done.modal, async (values) => {
      const answer = await this.connection.ask("submit", { interaction: done.interaction, values });
      return answer.failed || answer.refused || null;
    });
  }

  onDismiss(message) {
    if (message.id.startsWith("local-"))
      this.message_deleted({ channel_id: this.here.id, message });
    else this.connection.ask("dismiss", { message: message.id });
    this.composer.text.focus();
  }

  onUp() {
    list.lastElementChild?.focus();
  }

  // Drawing.

  go(id) {
    this.here = this.places_.get(id);
    this.here.unread = 0;
    this.editor = this.expected = null;
    const { kind, topic, parent, writable } = this.here;
    const name = this.titled(this.here);
    byId("title").textContent = name;
    byId("topic").textContent =
      topic ||
      { [DM]: "Just the two of you", [GROUP_DM]: this.here.people.map(nameOf).join(", ") }[kind] ||
      (parent ? this.titled(this.places_.get(parent)) : "");
    byId("typing").textContent = "";
    document.title = `${nameOf(this.me)} · ${name} · mixbot demo`;
    byId("composer").hidden = kind === FORUM;
    this.composer.moveTo(name, this.here.commands, writable);
    this.drawPlaces();
    this.showSidebar(false);
    this.atEnd = true;
    this.greet();
    this.redraw();
  }

  titled = ({ guild, kind, name }) => (guild && !THREADS.includes(kind) ? `#${name}` : name);

  greet() {
    byId("welcome").replaceChildren(...welcome(this));
  }

  posts = () => [...this.places_.values()].filter(({ parent }) => parent === this.here.id);

  drawPlaces() {
    const one = (place) =>
      h(
        `button.place${place.parent ? ".below" : ""}`,
        {
          type: "button",
          "aria-current": place === this.here && "page",
          onclick: () => this.go(place.id),
        },
        place.kind === DM ? avatar(this.bot) : sign(SIGNS[place.kind] || "channel"),
        h("span.name", {}, place.name),
        place.unread > 0 && h("span.unread", { "aria-label": `${place.unread} new` }, place.unread),
      );
    const all = [...this.places_.values()];
    const below = (place) => all.filter(({ parent }) => parent === place.id);
    const channels = all.filter((place) => place.guild && !place.parent);
    byId("places").replaceChildren(
      h("h2", {}, all[0].guild),
      ...channels.flatMap((place) => [place, ...below(place)]).map(one),
      h("h2", {}, "Direct messages"),
      ...all.filter((place) => !place.guild).map(one),
    );
  }

  drawPeople() {
    const one = (user) => {
      const radio = h("input", {
        type: "radio",
        name: "person",
        value: user.username,
        checked: user.id === this.me.id,
      });
      radio.addEventListener("change", () => this.connection.open(user.username));
      return h("label.person", {}, radio, avatar(user), h("span", {}, nameOf(user)));
    };
    const other = this.people_.find((user) => user.id !== this.me.id);
    const address = `/?person=${encodeURIComponent(other.username)}`;
    byId("people").replaceChildren(
      h("legend", {}, "You are"),
      h("div.persons", {}, this.people_.map(one)),
      h(
        "a.second",
        { href: address, target: "_blank", rel: "noopener" },
        `Be ${nameOf(other)} in a second tab ↗`,
      ),
      select("Language", LANGUAGES, this.me.locale, (locale) => this.onLanguage(locale)),
      select("Theme", THEMES, chosen(), wear),
    );
    byId("whoami").replaceChildren(avatar(this.me), nameOf(this.me));
  }

  compact(message, before) {
    return Boolean(
      before &&
      message.type === 0 &&
      before.author.id === message.author.id &&
      (before.flags & EPHEMERAL) === (message.flags & EPHEMERAL) &&
      new Date(message.timestamp) - new Date(before.timestamp) < TOGETHER,
    );
  }

  redraw() {
    let before = null;
    const draw = (message) => {
      const element = render(message, this, this.compact(message, before));
      before = message;
      return element;
    };
    list.replaceChildren(...[...this.here.messages.values()].map(draw));
    this.toEnd();
  }

  append(message) {
    const before = [...this.here.messages.values()].at(-2);
    const mine =
      message.author.id === this.me.id || message.interaction_metadata?.user.id === this.me.id;
    if (mine) this.atEnd = true;
    list.append(render(message, this, this.compact(message, before)));
    byId("jump").hidden = this.atEnd;
    this.toEnd();
    if (!message.id.startsWith("local-") && message.author.id !== this.me.id)
      this.announce(message);
  }

  /** Draw a message anew where it stands; focus, an open list and loaded pictures stay. */
  patch(message) {
    const element = byId(`message-${message.id}`);
    if (!element) return;
    const focusable = () => [element, ...element.querySelectorAll("a, button, textarea")];
    const focused = focusable().indexOf(document.activeElement);
    morph(element, render(message, this, element.classList.contains("compact")));
    if (Choices.current && !Choices.current.owner.isConnected) Choices.current.hide();
    if (focused >= 0 && !element.contains(document.activeElement)) {
      const next = focusable()[focused];
      (next && !next.disabled ? next : element).focus({ preventScroll: true });
    }
    this.toEnd();
  }

  announce(message) {
    byId("announcer").textContent = summary(message);
  }

  toEnd() {
    if (this.atEnd) log.scrollTop = log.scrollHeight;
  }

  showSidebar(open) {
    document.body.classList.toggle("sidebar-open", open);
    byId("open-sidebar").setAttribute("aria-expanded", String(open));
  }
}

const page = new Page();

log.addEventListener("scroll", () => {
  page.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  if (page.atEnd) byId("jump").hidden = true;
});
new ResizeObserver(() => page.toEnd()).observe(list);
new ResizeObserver(() => page.toEnd()).observe(log);
byId("jump").addEventListener("click", () => {
  page.atEnd = true;
  page.toEnd();
  page.composer.text.focus();
});
byId("open-sidebar").addEventListener("click", () =>
  page.showSidebar(!document.body.classList.contains("sidebar-open")),
);

/** Up and down walk through the messages; the menu key opens a message's Apps. */
log.addEventListener("keydown", (event) => {
  const message = document.activeElement.closest?.(".message");
  if (document.activeElement !== message && document.activeElement !== log) return;
  const next = {
    ArrowUp: message ? message.previousElementSibling : list.lastElementChild,
    ArrowDown: message?.nextElementSibling,
  }[event.key];
  if (next) next.focus();
  else if (event.key === "ArrowDown" && message) page.composer.text.focus();
  else if (event.key === "Enter" && message) message.querySelector(".toolbar .apps")?.click();
  else return;
  event.preventDefault();
});
log.addEventListener("contextmenu", (event) => {
  const apps = event.target.closest(".message")?.querySelector(".toolbar .apps");
  if (!apps || event.target.closest("a, button, input, textarea") || String(getSelection())) return;
  event.preventDefault();
  apps.click();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") page.showSidebar(false);
});
document.addEventListener("pointerdown", ({ target }) => {
  if (!target.closest("#sidebar, #open-sidebar")) page.showSidebar(false);
});
addEventListener("focus", () => page.connection.signIn());
document.addEventListener(
  "click",
  ({ target }) => target.closest("a") && page.connection.signIn(),
  true,
);
setInterval(refreshTimes, 15000);

page.start();
