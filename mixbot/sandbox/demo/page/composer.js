// The message box: text, or a command with its options.

import { byId, h, iconButton, sign } from "./elements.js";
import { download, filesToTry, hold, Refused } from "./files.js";
import { called, described } from "./language.js";
import { ATTACHMENT, choice, Field } from "./options.js";
import { Choices, openMenu } from "./popups.js";

const SUBCOMMAND = 1;
const GROUP = 2;
const CHAT_INPUT = 1;

/** Every command that can be typed: `{path, label, description, options}`, as the reader calls it. */
export function flatten(commands) {
  const leaves = (command, path, label) => {
    const options = command.options || [];
    const below = options.filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
    if (below.length)
      return below.flatMap((one) => leaves(one, `${path} ${one.name}`, `${label} ${called(one)}`));
    return [{ path, label, description: described(command), options: options.map(local) }];
  };
  return commands
    .filter((command) => command.type === CHAT_INPUT)
    .flatMap((command) => leaves(command, command.name, called(command)));
}

/** An option in the reader's language; it is sent under the name that the bot knows. */
const local = (option) => ({
  ...option,
  label: called(option),
  description: described(option),
  choices: option.choices?.map(choice),
});

export class Composer {
  /** `page` says, runs and completes; `people()` and `places()` are what options offer. */
  constructor(page) {
    this.page = page;
    this.commands = [];
    this.text = h("textarea", {
      id: "text",
      rows: 1,
      maxlength: 2000,
      "aria-label": "Message",
      autocomplete: "off",
    });
    this.about = h("p.about");
    this.problem = h("p.problem", { role: "alert" });
    this.form = h("div.command");
    this.cancel = iconButton("Leave the command", "✕", () => this.leave(""));
    this.button = iconButton("Send", "➤", () => this.send(), { class: "icon send" });
    const toTry = { "aria-haspopup": "menu" };
    this.tries = iconButton("Files to try", sign("file"), () => this.offerFiles(), toTry);
    this.box = h("div.box", {}, this.tries, this.text, this.form, this.cancel, this.button);
    byId("composer").append(this.problem, this.about, this.box);
    this.picker = new Choices(this.text, {
      label: "Commands",
      anchor: byId("composer"),
      above: true,
      onPick: ({ command }) => this.begin(command),
    });
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("blur", () => this.picker.hide());
    this.text.addEventListener("focus", () => this.typed());
    this.leave("");
  }

  /** Offer `commands` and write to `name` from now on, if that is allowed. */
  moveTo(name, commands, writable) {
    this.commands = flatten(commands);
    this.text.placeholder = writable
      ? `Message ${name} or type /`
      : "You do not have permission to send messages in this channel.";
    this.text.disabled = this.button.disabled = !writable;
    this.leave("");
  }

  /** The command that `typed` begins with, in the reader's language or the bot's, and the rest. */
  begun(typed) {
    for (const command of this.commands)
      for (const name of [command.label, command.path])
        if (typed.startsWith(`/${name} `)) return [command, typed.slice(name.length + 2)];
    return [];
  }

  /** Files to save, for commands that take one. */
  offerFiles() {
    const save = ({ name, about }) => ({
      label: name,
      description: about,
      act: () => download(name),
    });
    openMenu(this.tries, "Files to try: save one", filesToTry().map(save));
  }

  // Plain text, and the beginning of a command.

  typed() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    this.say("");
    const { value } = this.text;
    if (!value.startsWith("/") || value.includes("\n")) return this.picker.hide();
    const [typed, rest] = this.begun(value);
    if (typed) return this.begin(typed, rest);
    const words = value.slice(1).toLowerCase();
    const rank = ({ path, label }) =>
      [`/${words}`, ` ${words}`, words].findIndex((start) =>
        [`/${label}`, `/${path}`].some((name) => name.includes(start)),
      );
    const found = this.commands
      .filter((command) => rank(command) >= 0)
      .sort((a, b) => rank(a) - rank(b));
    if (!found.length)
      return this.picker.show([{ label: "No command is called that", disabled: true }]);
    const item = (command) => {
      const { label, description } = command;
      return {
        command,
        label: `/${label}`,
        description,
        mark: h("img", { src: "/mixbot.svg", alt: "" }),
      };
    };
    this.picker.show(found.map(item), 0);
  }

  key(event) {
    if (event.isComposing) return;
    const whole =
      event.key === "Enter" &&
      this.commands.find(({ label, path }) =>
        [`/${label}`, `/${path}`].includes(this.text.value.trim()),
      );
    if (whole && !whole.options.some((option) => option.required)) {
      event.preventDefault();
      this.begin(whole);
      return this.send();
    }
    if (this.picker.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) this.send();
    else if (event.key === "ArrowUp" && !this.text.value) this.page.onUp();
    else return;
    event.preventDefault();
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
    this.form.replaceChildren(h("span.name", {}, `/${command.label}`));
    this.form.setAttribute("role", "group");
    this.form.setAttribute("aria-label", `/${command.label}`);
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
    const left = this.command.options.filter(
      (option) => !this.fields.some((field) => field.option === option),
    );
    if (!left.length) return;
    const adding = (option) => {
      const { label, description } = option;
      const about = {
        type: "button",
        title: description,
        "aria-label": `Add ${label}: ${description}`,
      };
      const button = h("button", about, `+ ${label}`);
      button.addEventListener("click", () => this.add(option).input.focus());
      button.addEventListener("keydown", (event) => this.fieldKey(event));
      return button;
    };
    this.form.append(h("span.more", {}, left.map(adding)));
  }

  /** Take a field away again; without the first one there is no command, only its name. */
  remove(field) {
    if (field.option.required || this.fields.length === 1)
      return this.leave(`/${this.command.label}`);
    this.fields = this.fields.filter((one) => one !== field);
    field.element.remove();
    this.more();
    (this.fields.at(-1)?.input || this.form.querySelector(".more button")).focus();
  }

  /** Keys that every part of a command knows. */
  fieldKey(event) {
    if (event.key === "Escape") this.leave("");
    else if (event.key === "Backspace" && event.target.tagName === "BUTTON")
      this.leave(`/${this.command.label}`);
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
      if (!refused) return;
      this.text.value = content;
      this.typed();
      this.say(refused);
      return;
    }
    const { command, fields } = this;
    if (this.sending === command) return;
    this.sending = command;
    const values = await this.filledIn(fields).finally(() => (this.sending = null));
    if (!values || this.command !== command) return;
    const kept = fields.map(({ option, input, chosen }) => [option, input.value, chosen, input.files]);
    this.leave("");
    const { refused } = await this.page.onCommand(command.path, values);
    if (!refused || this.command || this.text.value) return;
    this.begin(command);
    for (const [option, value, chosen, files] of kept) {
      const field = this.fields.find((one) => one.option === option) || this.add(option);
      if (option.type === ATTACHMENT) hold(field.input, [...files]);
      else field.input.value = value;
      field.chosen = chosen;
    }
    this.say(refused);
  }

  /** The options' values; null if one of them cannot be sent, which is told. */
  async filledIn(fields) {
    const values = {};
    for (const field of fields) {
      const problem = field.problem();
      if (problem) return this.complain(field, problem);
      try {
        if (field.input.value) values[field.option.name] = await field.value();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return this.complain(field, error.message);
      }
    }
    return values;
  }

  complain(field, problem) {
    this.say(`${field.option.label}: ${problem}`);
    field.input.setAttribute("aria-invalid", "true");
    field.input.focus();
    return null;
  }

  /** What is filled in so far, for suggestions. */
  async values() {
    const filled = this.fields.filter(
      (field) => field.input.value && field.option.type !== ATTACHMENT && !field.problem(),
    );
    return Object.fromEntries(
      await Promise.all(filled.map(async (field) => [field.option.name, await field.value()])),
    );
  }
}
