// The message box: text, or a command with its options.

import { byId, h } from "./elements.js";
import { Choices } from "./popups.js";

const TYPING = 120; // milliseconds without a key before the bot is asked for suggestions
const SUBCOMMAND = 1;
const GROUP = 2;
const CHAT_INPUT = 1;
const [INTEGER, BOOLEAN, USER, CHANNEL, NUMBER, ATTACHMENT] = [4, 5, 6, 7, 10, 11];

/** Every command that can be typed: `{path, description, options}`. */
export function flatten(commands) {
  const leaves = (command, path) => {
    const options = command.options || [];
    const below = options.filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
    if (below.length) return below.flatMap((option) => leaves(option, `${path} ${option.name}`));
    return [{ path, description: command.description, options }];
  };
  return commands.filter((command) => command.type === CHAT_INPUT).flatMap((command) => leaves(command, command.name));
}

export class Composer {
  /** `page` says, runs and completes; `people()` and `places()` are what options offer. */
  constructor(page) {
    this.page = page;
    this.commands = [];
    this.text = h("textarea", { id: "text", rows: 1, maxlength: 2000, "aria-label": "Message", autocomplete: "off" });
    this.about = h("p.about");
    this.problem = h("p.problem", { role: "alert" });
    this.form = h("div.command");
    this.cancel = h("button.icon", { type: "button", "aria-label": "Leave the command", title: "Leave the command", onclick: () => this.leave("") }, "✕");
    this.button = h("button.icon.send", { type: "button", "aria-label": "Send", title: "Send", onclick: () => this.send() }, "➤");
    this.box = h("div.box", {}, this.text, this.form, this.cancel, this.button);
    byId("composer").append(this.problem, this.about, this.box);
    this.picker = new Choices(this.text, { label: "Commands", anchor: byId("composer"), above: true, onPick: ({ command }) => this.begin(command) });
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("blur", () => this.picker.hide());
    this.text.addEventListener("focus", () => this.typed());
    this.leave("");
  }

  /** Offer `commands` and write to `name` from now on. */
  moveTo(name, commands) {
    this.commands = flatten(commands);
    this.text.placeholder = `Message ${name} or type /`;
    this.leave("");
  }

  // Plain text, and the beginning of a command.

  typed() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    this.say("");
    const { value } = this.text;
    if (!value.startsWith("/") || value.includes("\n")) return this.picker.hide();
    const typed = this.commands.find(({ path }) => value.startsWith(`/${path} `));
    if (typed) return this.begin(typed, value.slice(typed.path.length + 2));
    const words = value.slice(1).toLowerCase();
    const rank = ({ path }) => (path.startsWith(words) ? 0 : path.includes(` ${words}`) ? 1 : path.includes(words) ? 2 : 3);
    const found = this.commands.filter((command) => rank(command) < 3).sort((a, b) => rank(a) - rank(b));
    if (!found.length) return this.picker.show([{ label: "No command is called that", disabled: true }]);
    const items = found.map((command) => ({ command, label: `/${command.path}`, description: command.description, mark: h("img", { src: "/mixbot.svg", alt: "" }) }));
    this.picker.show(items, 0);
  }

  key(event) {
    if (event.isComposing) return;
    const whole = event.key === "Enter" && this.commands.find(({ path }) => this.text.value.trim() === `/${path}`);
    if (whole && !whole.options.some((option) => option.required)) {
      event.preventDefault();
      this.begin(whole);
      return this.send();
    }
    if (this.picker.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) event.preventDefault(), this.send();
    else if (event.key === "ArrowUp" && !this.text.value) event.preventDefault(), this.page.onUp();
  }

  say(problem) {
    this.problem.textContent = problem;
  }

  // A command and its options.

  /** Start to fill in `command`; `rest` is what was already typed after it. */
  begin(command, rest = "") {
    this.picker.hide();
    this.command = command;
    this.fields = [];
    this.text.hidden = true;
    this.form.hidden = this.cancel.hidden = false;
    this.form.replaceChildren(h("span.name", {}, `/${command.path}`));
    this.form.setAttribute("role", "group");
    this.form.setAttribute("aria-label", `/${command.path}`);
    command.options.filter((option) => option.required).forEach((option) => this.add(option));
    this.more();
    if (!this.fields.length && command.options.length) this.add(command.options[0]);
    this.describe(command.description);
    const [first] = this.fields;
    if (rest && first) first.input.value = rest;
    (first?.input || this.button).focus();
  }

  /** Start the command called `path`, for instance from a mention in a message. */
  start(path, rest = "") {
    const command = this.commands.find((one) => one.path === path);
    if (command) return this.begin(command, rest);
    this.leave(`/${path}`);
  }

  /** Back to plain text. */
  leave(text) {
    this.fields?.forEach((field) => field.close());
    this.command = null;
    this.form.replaceChildren();
    this.form.hidden = this.cancel.hidden = true;
    this.text.hidden = false;
    this.text.value = text;
    this.describe("");
    this.say("");
    if (this.page.ready) this.text.focus();
    this.typed();
  }

  describe(text) {
    this.about.textContent = text;
  }

  add(option) {
    const field = new Field(option, this);
    this.fields.push(field);
    this.form.querySelector(".more")?.remove();
    this.form.append(field.element);
    this.more();
    return field;
  }

  /** A button for each option that is not there yet. */
  more() {
    this.form.querySelector(".more")?.remove();
    const left = this.command.options.filter((option) => !this.fields.some((field) => field.option === option));
    if (!left.length) return;
    const add = (option) => () => this.add(option).input.focus();
    this.form.append(
      h("span.more", {}, left.map((option) => h("button", { type: "button", title: option.description, "aria-label": `Add ${option.name}: ${option.description}`, onclick: add(option), onkeydown: (event) => this.fieldKey(event) }, `+ ${option.name}`))),
    );
  }

  remove(field) {
    if (field.option.required || !this.fields.includes(field)) return;
    this.fields = this.fields.filter((one) => one !== field);
    field.element.remove();
    this.more();
    (this.fields.at(-1)?.input || this.form.querySelector(".more button")).focus();
  }

  /** Keys that every part of a command knows. */
  fieldKey(event) {
    if (event.key === "Escape") this.leave("");
    else if (event.key === "Backspace" && event.target.tagName === "BUTTON") this.leave(`/${this.command.path}`);
    else return;
    event.preventDefault();
  }

  // Sending.

  async send() {
    if (!this.command) {
      const content = this.text.value.trim();
      if (!content) return;
      this.text.value = "";
      this.typed();
      const { refused } = await this.page.onSay(content);
      if (refused) this.text.value = content, this.typed(), this.say(refused);
      return;
    }
    const { command, fields } = this;
    const values = {};
    for (const field of fields) {
      const problem = field.problem();
      if (problem) return this.complain(field, problem);
      if (field.input.value) values[field.option.name] = await field.value();
    }
    const kept = fields.map((field) => [field.option, field.input.value, field.chosen]);
    this.leave("");
    const { refused } = await this.page.onCommand(command.path, values);
    if (!refused || this.command || this.text.value) return;
    this.begin(command);
    for (const [option, value, chosen] of kept) {
      const field = this.fields.find((one) => one.option === option) || this.add(option);
      if (option.type !== ATTACHMENT) field.input.value = value;
      field.chosen = chosen;
    }
    this.say(refused);
  }

  complain(field, problem) {
    this.say(`${field.option.name}: ${problem}`);
    field.input.setAttribute("aria-invalid", "true");
    field.input.focus();
  }

  /** What is filled in so far, for suggestions. */
  async values() {
    const filled = this.fields.filter((field) => field.input.value && !field.problem());
    return Object.fromEntries(await Promise.all(filled.map(async (field) => [field.option.name, await field.value()])));
  }
}

/** One option of a command. */
class Field {
  constructor(option, composer) {
    this.option = option;
    this.composer = composer;
    this.chosen = null;
    this.suggested = []; // by the bot, for what was typed last
    const type = option.type === ATTACHMENT ? "file" : "text";
    this.input = h("input", { type, autocomplete: "off", spellcheck: "false", "aria-label": option.name, "aria-description": option.description, "aria-required": String(Boolean(option.required)) });
    this.element = h("label.option", { title: option.description }, h("span", {}, option.name), this.input);
    this.choices = new Choices(this.input, { label: option.name, anchor: byId("composer"), above: true, onPick: (item) => this.pick(item) });
    this.input.addEventListener("focus", () => this.focused());
    this.input.addEventListener("blur", () => this.choices.hide());
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  /** What the client itself knows to offer; null if the text is free. */
  get offers() {
    const { option, composer } = this;
    if (option.choices) return option.choices;
    if (option.type === BOOLEAN) return [{ name: "True", value: true }, { name: "False", value: false }];
    if (option.type === USER) return composer.page.people().map((user) => ({ name: user.global_name || user.username, value: { user: user.id } }));
    if (option.type === CHANNEL) return composer.page.places().map((place) => ({ name: place.name, value: { channel: place.id } }));
    return null;
  }

  focused() {
    this.composer.describe(`${this.option.name}: ${this.option.description}`);
    this.suggest();
  }

  typed() {
    this.chosen = null;
    this.input.removeAttribute("aria-invalid");
    this.composer.say("");
    this.suggest();
  }

  suggest() {
    clearTimeout(this.timer);
    const { offers, option } = this;
    const typed = this.input.value.toLowerCase();
    if (offers) {
      const fitting = offers.filter(({ name }) => this.chosen || name.toLowerCase().includes(typed));
      return this.offer(fitting, fitting.length && typed ? 0 : -1, "That is not one of the choices");
    }
    if (!option.autocomplete) return;
    this.offer(this.suggested.filter(({ name }) => name.toLowerCase().includes(typed)), -1);
    this.timer = setTimeout(() => this.complete(), this.suggested.length ? TYPING : 0);
  }

  async complete() {
    const asked = this.input.value;
    const { done, failed } = await this.composer.page.onComplete(this.composer.command.path, this.option.name, {
      ...(await this.composer.values()),
      [this.option.name]: this.chosen?.value ?? asked,
    });
    if (!this.composer.command || document.activeElement !== this.input || asked !== this.input.value) return;
    if (failed) this.choices.show([{ label: failed, disabled: true }]);
    else this.offer((this.suggested = done || []), -1);
  }

  close() {
    clearTimeout(this.timer);
    this.choices.hide();
  }

  offer(choices, active, otherwise) {
    if (!choices.length && !otherwise) return this.choices.hide();
    if (!choices.length) return this.choices.show([{ label: otherwise, disabled: true }]);
    this.choices.show(choices.map((choice) => ({ label: choice.name, choice })), active);
  }

  pick({ choice }) {
    this.chosen = choice;
    this.input.value = choice.name;
    this.choices.hide();
    this.input.focus();
  }

  key(event) {
    if (event.isComposing || this.choices.key(event)) return;
    const { input, composer } = this;
    if (event.key === "Enter") event.preventDefault(), composer.send();
    else if (event.key === "Backspace" && !input.value && !event.repeat) {
      event.preventDefault();
      if (this.option.required || composer.fields.length === 1) composer.leave(`/${composer.command.path}`);
      else composer.remove(this);
    } else composer.fieldKey(event);
  }

  /** Why the field cannot be sent as it is. */
  problem() {
    const { input, option } = this;
    if (!input.value) return option.required ? "This option is required. Specify a value." : "";
    if (this.offers && !this.match()) return "Choose one from the list.";
    if (option.type === INTEGER && !/^-?\d+$/.test(input.value.trim())) return "Enter a whole number.";
    if (option.type === NUMBER && !Number.isFinite(Number(input.value))) return "Enter a number.";
    return "";
  }

  match() {
    return this.chosen || this.offers.find(({ name }) => name.toLowerCase() === this.input.value.trim().toLowerCase());
  }

  async value() {
    const { input, option } = this;
    if (this.offers) return this.match().value;
    if (this.chosen) return this.chosen.value;
    if (option.type === INTEGER || option.type === NUMBER) return Number(input.value);
    if (option.type === ATTACHMENT) return { file: input.files[0].name, data: await base64(input.files[0]) };
    return input.value;
  }
}

function base64(file) {
  return new Promise((settle) => {
    const reader = new FileReader();
    reader.onload = () => settle(reader.result.split(",")[1]);
    reader.readAsDataURL(file);
  });
}
