// Forms of the bot: their fields, and what is wrong with them.

import { FilePicker, Refused } from "./files.js";
import { h } from "./elements.js";

const [SELECT, FILES, RADIO, CHECKBOXES, CHECKBOX] = [3, 19, 21, 22, 23];
const PARAGRAPH = 2;
const ROWS = 7; // of a paragraph, before it grows
let count = 0;

/** A form of the bot. `send(values)` resolves to null once it is through, else to a sentence. */
export function openForm(modal, send) {
  const parts = modal.components.map(part);
  const fields = parts.filter(({ name }) => name);
  const problem = h("p.problem", { role: "alert" });
  const submit = h("button.button.primary", { type: "submit" }, "Submit");
  const cancel = h(
    "button.button.plain",
    { type: "button", onclick: () => dialog.close() },
    "Cancel",
  );
  const title = h("h2", { id: `form-${++count}` }, modal.title);
  const form = h(
    "form",
    { novalidate: true },
    title,
    h("div.inputs", {}, parts.map(({ element }) => element)),
    problem,
    h("div.actions", {}, cancel, submit),
  );
  const dialog = h("dialog.form", { "aria-labelledby": title.id }, form);
  const busy = (is) => {
    submit.disabled = is;
    form.setAttribute("aria-busy", String(is));
    submit.textContent = is ? "Sending…" : "Submit";
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    problem.textContent = "";
    busy(true);
    const sentence = await values(fields).then(send).catch(refusal);
    busy(false);
    if (!sentence) return dialog.close();
    problem.textContent = sentence;
    complain(fields, sentence);
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  fields[0]?.input.focus();
}

function refusal(error) {
  if (error instanceof Refused) return error.message;
  throw error;
}

async function values(fields) {
  const read = async ({ name, label, value }) => {
    try {
      return [name, await value()];
    } catch (error) {
      if (error instanceof Refused) error.message = `${label}: ${error.message}`;
      throw error;
    }
  };
  return Object.fromEntries(await Promise.all(fields.map(read)));
}

/** Lead to the field that `sentence` is about, which begins with its label. */
function complain(fields, sentence) {
  fields.forEach(({ input }) => input.removeAttribute("aria-invalid"));
  const wrong = fields.find(({ label }) => sentence.startsWith(`${label}: `));
  wrong?.input.setAttribute("aria-invalid", "true");
  wrong?.input.focus();
}

/** Text, or a field under its label: `{element, name, label, input, value}`. */
function part(component) {
  const field = component.component || component.components?.[0];
  if (!field) return { element: h("p", {}, component.content) };
  const id = `field-${++count}`;
  const label = component.label || field.label;
  const required = field.required !== false && field.type !== CHECKBOX;
  const words = [label, required && h("span.required", { "aria-hidden": "true" }, " *")];
  const about = component.description && `${id}-about`;
  const description =
    about && h("p.description", { id: about }, component.description);
  const made = (MAKERS[field.type] || text)(field, { id, required, "aria-describedby": about });
  const named = { name: field.custom_id, label, ...made };
  if (made.many)
    return {
      ...named,
      element: h(
        "fieldset.field",
        { "aria-describedby": about, "aria-required": made.radio && String(required) },
        h("legend", {}, words),
        description,
        made.element,
      ),
    };
  if (field.type === CHECKBOX)
    return {
      ...named,
      element: h("div.field.tick", {}, made.input, h("label", { for: id }, words), description),
    };
  const element = h("div.field", {}, h("label", { for: id }, words), description, made.element);
  return { ...named, element };
}

function text(field, about) {
  const limits = { maxlength: field.max_length, minlength: field.min_length };
  const all = { ...about, ...limits, placeholder: field.placeholder, autocomplete: "off" };
  const paragraph = field.style === PARAGRAPH;
  const input = paragraph ? h("textarea", { ...all, rows: ROWS }) : h("input", all);
  input.value = field.value || "";
  const left = h("small.left", { "aria-hidden": "true" });
  const count = () => (left.textContent = `${input.value.length} / ${field.max_length}`);
  if (paragraph && field.max_length) {
    input.addEventListener("input", count);
    count();
  }
  return { input, element: [input, left], value: () => input.value };
}

function menu(field, { id, required, ...about }) {
  const options = field.options.map(({ value, label, default: selected }) =>
    h("option", { value, selected }, label),
  );
  const many = field.max_values > 1;
  const chosen = field.options.some((option) => option.default);
  if (!many && !chosen)
    options.unshift(
      h("option", { value: "", selected: true, disabled: required }, field.placeholder || "Make a selection"),
    );
  const input = h("select", { id, required, multiple: many, ...about }, options);
  const value = () => [...input.selectedOptions].map((one) => one.value).filter(Boolean);
  return { input, element: input, value };
}

function files(field, { id, required, "aria-describedby": describedby }) {
  const picker = new FilePicker({
    id,
    required,
    describedby,
    least: field.min_values ?? Number(required),
    most: field.max_values ?? 1,
  });
  return { input: picker.input, element: picker.element, value: () => picker.value() };
}

/** Options of which one, or several, are ticked. */
const ticks = (type) => (field, { id }) => {
  const one = ({ value, label, description, default: checked }, index) => {
    const own = `${id}-${index}`;
    const about = description && `${own}-about`;
    const input = h("input", { type, id: own, name: id, value, checked, "aria-describedby": about });
    return h(
      "div.tick",
      {},
      input,
      h("label", { for: own }, label),
      about && h("p.description", { id: about }, description),
    );
  };
  const element = h("div.ticks", {}, field.options.map(one));
  const inputs = [...element.querySelectorAll("input")];
  const value = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const input = inputs.find((input) => input.checked) || inputs[0];
  return { many: true, radio: type === "radio", input, element, value };
};

function tick(field, { id, "aria-describedby": about }) {
  const input = h("input", { type: "checkbox", id, checked: field.default, "aria-describedby": about });
  return { input, element: input, value: () => input.checked };
}

const MAKERS = {
  [SELECT]: menu,
  [FILES]: files,
  [RADIO]: ticks("radio"),
  [CHECKBOXES]: ticks("checkbox"),
  [CHECKBOX]: tick,
};
