// Files: choosing them, handing them to the demo, and the ones to try.

import { bytes, h, iconButton, sign } from "./elements.js";

let samples = [];
let largest = Infinity;

/** Remember the files to try, and how many bytes a file may have. */
export function setFiles(offered, limit) {
  samples = offered;
  largest = limit;
}

export const filesToTry = () => samples;

const address = (name) => `/samples/${encodeURIComponent(name)}`;

/** Save a file to try, like any download. */
export function download(name) {
  h("a", { href: address(name), download: name }).click();
}

/** A file to try as if it had been chosen from a disk. */
export async function sample(name) {
  const blob = await (await fetch(address(name))).blob();
  return new File([blob], name, { type: blob.type });
}

/** A sentence about a file that cannot be sent. */
export class Refused extends Error {}

/** Hand `file` over; what stands for it from then on. Raises `Refused`. */
export async function handOver(file) {
  const limit = bytes(largest);
  if (file.size > largest)
    throw new Refused(`${file.name}: your files are too powerful (over ${limit})`);
  const query = new URLSearchParams({ name: file.name });
  const told = await fetch(`/files?${query}`, { method: "POST", body: file })
    .then((answer) => answer.json())
    .catch(() => ({ refused: `${file.name} cannot be read.` }));
  if (told.refused) throw new Refused(told.refused);
  return { upload: told.id };
}

/** Let `input` hold these files. */
export function hold(input, files) {
  const data = new DataTransfer();
  files.forEach((file) => data.items.add(file));
  input.files = data.files;
}

/** A form's field for files: from a dialog, dropped onto it, or taken from those to try. */
export class FilePicker {
  constructor({ id, required, least, most, describedby }) {
    this.most = most;
    this.files = [];
    this.input = h("input", {
      id,
      type: "file",
      required,
      multiple: most > 1,
      "aria-describedby": [describedby, `${id}-limits`].filter(Boolean).join(" "),
    });
    this.input.addEventListener("change", () => this.add([...this.input.files]));
    this.chosen = h("ul.chosen", { "aria-label": "Chosen files" });
    this.announcer = h("p.unseen", { "aria-live": "polite" });
    const limits = most > 1 ? `${least > 1 ? `${least} to` : "Up to"} ${most} files.` : "";
    this.element = h(
      "div.files",
      {},
      this.input,
      this.chosen,
      this.announcer,
      h("p.description", { id: `${id}-limits`, hidden: !limits }, limits),
      h("div.samples", { role: "group", "aria-label": "Files to try" }, samples.length > 0 && [
        h("span", { "aria-hidden": "true" }, "Files to try"),
        samples.map((one) => this.take(one)),
      ]),
    );
    this.show();
  }

  take({ name, about }) {
    const act = async () => this.add([await sample(name)]);
    const words = { type: "button", title: about, "aria-label": `Take ${name}` };
    return h("button.sample", { ...words, onclick: act }, name);
  }

  add(files) {
    const others = this.most > 1 ? this.files.filter((old) => !files.some((one) => one.name === old.name)) : [];
    this.files = [...others, ...files].slice(0, this.most);
    this.input.removeAttribute("aria-invalid");
    this.show();
  }

  remove(file) {
    this.files = this.files.filter((one) => one !== file);
    this.show();
    this.input.focus();
  }

  show() {
    hold(this.input, this.files);
    const one = (file) =>
      h(
        "li",
        {},
        sign("file"),
        h("span.name", {}, file.name),
        h("small", {}, bytes(file.size)),
        iconButton(`Remove ${file.name}`, "✕", () => this.remove(file)),
      );
    this.chosen.replaceChildren(...this.files.map(one));
    this.announcer.textContent = this.files.map(({ name }) => name).join(", ");
  }

  /** What stands for the files, once they are handed over. */
  value() {
    return Promise.all(this.files.map(handOver));
  }
}
