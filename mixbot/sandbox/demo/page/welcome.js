// What stands at the beginning of each conversation: what to try.

import { h } from "./elements.js";

const example = (page, path, words = "") =>
  h(
    "button.command",
    { type: "button", onclick: () => page.composer.start(path, words) },
    [`/${path}`, words].filter(Boolean).join(" "),
  );

const UPLOAD = "mixcloud upload";
const [GROUP_DM, NEWS, FORUM] = [3, 5, 15];

export function welcome(page) {
  const { guild, name, kind, parent } = page.here;
  if (kind === FORUM) return forum(page, name);
  if (kind === GROUP_DM) {
    return [
      h("h2", {}, name),
      h(
        "p",
        {},
        "mixbot is no member here: everybody brings it along, as an app of their own. Try ",
        example(page, "mixcloud search", "ambient"),
        ".",
      ),
    ];
  }
  if (!guild) {
    return [
      h("h2", {}, `You and ${name}`),
      h(
        "p",
        {},
        "Commands work here too, and nobody else reads along. Try ",
        example(page, "mixcloud help"),
        " or ",
        example(page, "mixcloud me"),
        ".",
      ),
    ];
  }
  if (page.here !== page.places()[0]) {
    return [
      h("h2", {}, parent ? name : `This is #${name}`),
      h(
        "p",
        {},
        kind === NEWS ? "Announcements. Try " : "Nothing special here. Try ",
        example(page, "mixcloud search", "ambient"),
        " all the same.",
      ),
    ];
  }
  return [
    h("h2", {}, `Welcome to #${name}`),
    h(
      "p",
      {},
      "A chat with mixbot in it. Discord, Mixcloud, SoundCloud and every show are made up and live on this machine, so click anything:",
    ),
    h(
      "ul",
      {},
      h(
        "li",
        {},
        "Type ",
        example(page, "mixcloud search", "jazz"),
        " or ",
        example(page, "soundcloud search", "ambient"),
        " and leaf through what it finds.",
      ),
      h(
        "li",
        {},
        "Press ",
        h("b", {}, "♥ Favorite"),
        " or ",
        h("b", {}, "♥ Like"),
        " on a card, and link an account on the way.",
      ),
      h(
        "li",
        {},
        "Open ",
        h("b", {}, "⋯"),
        " beside a message with a link to a show or a track: ",
        h("b", {}, "Favorite"),
        ", ",
        h("b", {}, "Follow host"),
        ".",
      ),
      page.composer.commands.some(({ path }) => path === UPLOAD) &&
        h(
          "li",
          {},
          "Put a show online with ",
          example(page, UPLOAD),
          ": there are ",
          h("b", {}, "files to try"),
          " beside the message box.",
        ),
      h("li", {}, "Then be the other person, and see what they see."),
    ),
  ];
}

/** A forum: its posts, the newest first. */
function forum(page, name) {
  const count = ({ messages }) => `${messages.size} message${messages.size === 1 ? "" : "s"}`;
  const one = (post) =>
    h(
      "button.post",
      { type: "button", onclick: () => page.go(post.id) },
      h("b", {}, post.name),
      h("span", {}, [...post.messages.values()][0]?.content),
      h("small", {}, count(post)),
    );
  return [
    h("h2", {}, `Posts in #${name}`),
    h(
      "button.button.primary.new-post",
      { type: "button", onclick: () => page.onPost() },
      "New post",
    ),
    h("div.posts", {}, page.posts().reverse().map(one)),
  ];
}
