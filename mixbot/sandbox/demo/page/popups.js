// What opens above the page: lists to choose from, menus of actions, questions.

import { h } from "./elements.js";

const GAP = 6;
const MARGIN = 8;
const HIGHEST = 360;
let count = 0;

/** Put `panel` below `anchor`, or above it where there is more room. */
function place(panel, anchor, { above = false, wide = false } = {}) {
  const box = anchor.getBoundingClientRect();
  const roomBelow = innerHeight - box.bottom - GAP - MARGIN;
  const roomAbove = box.top - GAP - MARGIN;
  panel.style.maxHeight = "";
  if (wide) panel.style.width = `${box.width}px`;
  const goesUp = above || (roomBelow < panel.scrollHeight && roomAbove > roomBelow);
  panel.style.maxHeight = `${Math.min(goesUp ? roomAbove : roomBelow, HIGHEST)}px`;
  const left = Math.min(box.left, innerWidth - panel.offsetWidth - MARGIN);
  panel.style.left = `${Math.max(left, MARGIN)}px`;
  panel.style.top = goesUp ? `${box.top - GAP - panel.offsetHeight}px` : `${box.bottom + GAP}px`;
}

/** Keep `panel` at `anchor` until it is closed; `onAway` is called on a click elsewhere. */
function attach(panel, anchor, options, onAway) {
  const again = () => place(panel, anchor, options);
  const away = ({ target }) => panel.contains(target) || anchor.contains(target) || onAway();
  const watch = new ResizeObserver(again);
  document.body.append(panel);
  again();
  watch.observe(anchor);
  addEventListener("resize", again);
  addEventListener("scroll", again, true);
  document.addEventListener("pointerdown", away);
  return () => {
    watch.disconnect();
    removeEventListener("resize", again);
    removeEventListener("scroll", again, true);
    document.removeEventListener("pointerdown", away);
    panel.remove();
  };
}

/**
 * A list to choose from. The focus stays on `owner`, a text field or button, which passes its
 * keys to `key()`. Items are `{label, description, mark, picked, disabled, heading}`.
 */
export class Choices {
  static current = null; // the one that is open

  constructor(owner, { label, onPick, anchor = owner, above = false, wide = true }) {
    Object.assign(this, { owner, onPick, anchor, options: { above, wide } });
    this.id = `choices-${++count}`;
    this.panel = h("div.choices", { role: "listbox", id: this.id, "aria-label": label });
    this.panel.addEventListener("pointerdown", (event) => event.preventDefault());
    owner.setAttribute("aria-haspopup", "listbox");
    owner.setAttribute("aria-controls", this.id);
    if (owner.tagName === "TEXTAREA") owner.setAttribute("aria-autocomplete", "list");
    else owner.setAttribute("role", "combobox");
    this.expanded(false);
    this.items = [];
    this.active = -1;
  }

  get open() {
    return Boolean(this.detach);
  }

  show(items, active = -1) {
    if (Choices.current !== this) Choices.current?.hide();
    Choices.current = this;
    // Suggestions may come anew while somebody has already moved to one of them.
    const chosen = this.open && this.items[this.active]?.label;
    if (active < 0 && chosen) active = items.findIndex(({ label }) => label === chosen);
    this.items = items;
    this.panel.replaceChildren(...items.map((item, index) => this.option(item, index)));
    if (!this.detach) {
      this.detach = attach(this.panel, this.anchor, this.options, () => this.hide());
      this.expanded(true);
    } else place(this.panel, this.anchor, this.options);
    this.point(active);
  }

  option(item, index) {
    const option = h(
      "div.choice",
      {
        role: "option",
        id: `${this.id}-${index}`,
        "aria-selected": String(Boolean(item.picked)),
        "aria-disabled": item.disabled && "true",
      },
      item.mark && h("span.mark", { "aria-hidden": "true" }, item.mark),
      h(
        "span.words",
        {},
        h("span.label", {}, item.label),
        item.description && h("span.description", {}, item.description),
      ),
      item.aside && h("span.aside", {}, item.aside),
    );
    option.addEventListener("click", () => this.pick(index));
    option.addEventListener("pointermove", () => this.active !== index && this.point(index, false));
    return option;
  }

  hide() {
    if (Choices.current === this) Choices.current = null;
    this.detach?.();
    this.detach = null;
    this.active = -1;
    this.expanded(false);
    this.owner.removeAttribute("aria-activedescendant");
  }

  expanded(is) {
    if (this.owner.getAttribute("role")) this.owner.setAttribute("aria-expanded", String(is));
  }

  point(index, scroll = true) {
    const options = this.panel.children;
    options[this.active]?.classList.remove("active");
    this.active = index >= 0 && index < options.length ? index : -1;
    const option = options[this.active];
    if (!option) return this.owner.removeAttribute("aria-activedescendant");
    option.classList.add("active");
    if (scroll) option.scrollIntoView({ block: "nearest" });
    this.owner.setAttribute("aria-activedescendant", option.id);
  }

  move(step) {
    const size = this.items.length;
    if (size)
      this.point(this.active < 0 && step < 0 ? size - 1 : (this.active + step + size) % size);
  }

  pick(index) {
    const item = this.items[index];
    if (item && !item.disabled) this.onPick(item);
  }

  /** Act on a key of the owner, and tell whether it was one for the list. */
  key(event) {
    if (!this.open) return false;
    if (event.key === "ArrowDown") this.move(1);
    else if (event.key === "ArrowUp") this.move(-1);
    else if (event.key === "Escape") this.hide();
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.active >= 0)
      this.pick(this.active);
    else if (this.owner.tagName !== "BUTTON" || !this.keyOnButton(event.key)) return false;
    event.preventDefault();
    return true;
  }

  /** Keys that would write or move the cursor if the owner were a text field. */
  keyOnButton(key) {
    if (key === "Home") this.point(0);
    else if (key === "End") this.point(this.items.length - 1);
    else if (key === " ") this.pick(this.active);
    else if (key.length === 1) this.move(this.stepTo(key.toLowerCase()));
    else return false;
    return true;
  }

  stepTo(letter) {
    const after = this.items.map(
      (_, step) => this.items[(this.active + step + 1) % this.items.length],
    );
    return after.findIndex(({ label }) => label.toLowerCase().startsWith(letter)) + 1;
  }
}

/** A menu of actions at `anchor`: `[{label, description, act}]` under a heading. */
export function openMenu(anchor, heading, actions) {
  const close = (refocus = true) => {
    detach();
    anchor.removeAttribute("aria-expanded");
    if (refocus) anchor.focus();
  };
  const item = ({ label, description, act }) => {
    const words = description
      ? h("span.words", {}, h("span.label", {}, label), h("span.description", {}, description))
      : label;
    const button = h("button.choice", { type: "button", role: "menuitem", tabindex: "-1" }, words);
    button.addEventListener("click", () => {
      close();
      act();
    });
    return button;
  };
  const items = actions.map(item);
  const panel = h(
    "div.choices.menu",
    { role: "menu", "aria-label": heading },
    h("p.heading", {}, heading),
    items,
  );
  panel.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) items[(at + step + items.length) % items.length].focus();
    else if (event.key === "Home") items[0].focus();
    else if (event.key === "End") items.at(-1).focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
  });
  const detach = attach(panel, anchor, {}, () => close(false));
  anchor.setAttribute("aria-expanded", "true");
  items[0].focus({ preventScroll: true });
}

/** Ask before something that cannot be undone. */
export function confirm(title, words, act, label) {
  const close = () => dialog.close();
  const go = () => {
    close();
    act();
  };
  const heading = h("h2", { id: `form-${++count}` }, title);
  const yes = h("button.button.danger", { type: "button", onclick: go }, label);
  const no = h("button.button.plain", { type: "button", onclick: close }, "Cancel");
  const body = [heading, h("p", {}, words), h("div.actions", {}, no, yes)];
  const dialog = h("dialog", { "aria-labelledby": heading.id }, body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  yes.focus();
}
