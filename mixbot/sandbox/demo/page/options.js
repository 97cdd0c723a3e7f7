// One option of a command: its field, what it offers, and what may be sent.

import { byId, h, nameOf } from "./elements.js";
import { filesToTry, handOver, hold, sample } from "./files.js";
import { called } from "./language.js";
import { Choices } from "./popups.js";

const TYPING = 120; // milliseconds without a key before the bot is asked for suggestions
const [INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER] = [4, 5, 6, 7, 8, 9, 10];
export const ATTACHMENT = 11;

export class Field {
  constructor(option, composer) {
    this.option = option;
    this.composer = composer;
    this.chosen = null;
    this.suggested = []; // by the bot, for what was typed last
    const type = option.type === ATTACHMENT ? "file" : "text";
    const aria = {
      "aria-label": option.label,
      "aria-description": option.description,
      "aria-required": String(Boolean(option.required)),
    };
    this.input = h("input", { type, autocomplete: "off", spellcheck: "false", ...aria });
    this.element = h(
      "label.option",
      { title: option.description },
      h("span", {}, option.label),
      this.input,
    );
    this.choices = new Choices(this.input, {
      label: option.label,
      anchor: byId("composer"),
      above: true,
      onPick: (item) => this.pick(item),
    });
    this.input.addEventListener("focus", () => this.focused());
    this.input.addEventListener("blur", () => this.choices.hide());
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  /** What the client itself knows to offer; null if the text is free. */
  get offers() {
    const { option, composer } = this;
    if (option.choices) return option.choices;
    if (option.type === BOOLEAN)
      return [
        { name: "True", value: true },
        { name: "False", value: false },
      ];
    const { page } = composer;
    const people = () => page.people().map((user) => ({ name: nameOf(user), value: { user: user.id } }));
    const roles = () => page.roles().map((role) => ({ name: role.name, value: { role: role.id } }));
    if (option.type === USER) return people();
    if (option.type === ROLE) return roles();
    if (option.type === MENTIONABLE) return [...people(), ...roles()];
    if (option.type === CHANNEL)
      return page
        .places()
        .filter(({ kind }) => !option.channel_types || option.channel_types.includes(kind))
        .map((place) => ({ name: place.name, value: { channel: place.id } }));
    return null;
  }

  focused() {
    this.composer.describe(`${this.option.label}: ${this.option.description}`);
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
      const fitting = offers.filter(
        ({ name }) => this.chosen || name.toLowerCase().includes(typed),
      );
      return this.offer(
        fitting,
        fitting.length && typed ? 0 : -1,
        "That is not one of the choices",
      );
    }
    if (option.type === ATTACHMENT) return this.offerFiles();
    if (!option.autocomplete) return;
    this.offer(
      this.suggested.filter(({ name }) => name.toLowerCase().includes(typed)),
      -1,
    );
    this.timer = setTimeout(() => this.complete(), this.suggested.length ? TYPING : 0);
  }

  async complete() {
    const asked = this.input.value;
    const { done, failed } = await this.composer.page.onComplete(
      this.composer.command.path,
      this.option.name,
      {
        ...(await this.composer.values()),
        [this.option.name]: this.chosen?.value ?? asked,
      },
    );
    if (
      !this.composer.command ||
      document.activeElement !== this.input ||
      asked !== this.input.value
    )
      return;
    if (failed) this.choices.show([{ label: failed, disabled: true }]);
    else this.offer((this.suggested = (done || []).map(choice)), -1);
  }

  close() {
    clearTimeout(this.timer);
    this.choices.hide();
  }

  /** Files to try, while none is chosen. */
  offerFiles() {
    const take = ({ name, about }) => ({ label: name, description: about, file: name });
    if (this.input.value || !filesToTry().length) return this.choices.hide();
    this.choices.show(filesToTry().map(take));
  }

  offer(choices, active, otherwise) {
    if (!choices.length && !otherwise) return this.choices.hide();
    if (!choices.length) return this.choices.show([{ label: otherwise, disabled: true }]);
    this.choices.show(
      choices.map((choice) => ({ label: choice.name, choice })),
      active,
    );
  }

  async pick({ choice, file }) {
    if (file) {
      hold(this.input, [await sample(file)]);
      return this.typed();
    }
    this.chosen = choice;
    this.input.value = choice.name;
    this.choices.hide();
    this.input.focus();
  }

  key(event) {
    if (event.isComposing || this.choices.key(event)) return;
    const { input, composer } = this;
    if (event.key === "Enter") composer.send();
    else if (event.key === "Backspace" && !input.value && !event.repeat) composer.remove(this);
    else return composer.fieldKey(event);
    event.preventDefault();
  }

  /** Why the field cannot be sent as it is. */
  problem() {
    const { input, option } = this;
    if (!input.value) return option.required ? "This option is required. Specify a value." : "";
    if (this.offers && !this.match()) return "Choose one from the list.";
    if (option.type === INTEGER && !/^-?\d+$/.test(input.value.trim()))
      return "Enter a whole number.";
    if (option.type === NUMBER && !Number.isFinite(Number(input.value))) return "Enter a number.";
    return "";
  }

  match() {
    return (
      this.chosen ||
      this.offers.find(({ name }) => name.toLowerCase() === this.input.value.trim().toLowerCase())
    );
  }

  async value() {
    const { input, option } = this;
    if (this.offers) return this.match().value;
    if (this.chosen) return this.chosen.value;
    if (option.type === INTEGER || option.type === NUMBER) return Number(input.value);
    if (option.type === ATTACHMENT)
      return handOver(input.files[0]);
    return input.value;
  }
}

/** A choice under its name in the reader's language. */
export const choice = (one) => ({ name: called(one), value: one.value });
