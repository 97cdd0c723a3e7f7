// Bringing an element up to date where it stands: what has not changed keeps its focus, the list
// that is open at it, its pictures, and its place.
//
// An element that acts on its own (a button, a menu) says in `drawnFrom` what it was made of: it is
// kept as long as that is the same, and replaced as a whole when it is not.

/** Let `old` look like `fresh`, which is used up. */
export function morph(old, fresh) {
  dress(old, fresh);
  fill(old, [...old.childNodes], [...fresh.childNodes]);
}

/** Whether `old` can become `fresh`. */
function alike(old, fresh) {
  if (old.drawnFrom !== undefined || fresh.drawnFrom !== undefined)
    return old.drawnFrom === fresh.drawnFrom;
  if (old.nodeType !== fresh.nodeType) return false;
  if (old.nodeType !== Node.ELEMENT_NODE) return true;
  if (["A", "BUTTON", "IMG"].includes(old.tagName)) return old.isEqualNode(fresh);
  return old.tagName === fresh.tagName && old.className === fresh.className;
}

function renew(old, fresh) {
  if (old.drawnFrom !== undefined) return;
  if (old.nodeType === Node.ELEMENT_NODE) morph(old, fresh);
  else if (old.data !== fresh.data) old.data = fresh.data;
}

function dress(old, fresh) {
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) === value) continue;
    if (name === "style") old.style.cssText = value; // which the page's policy allows to scripts
    else old.setAttribute(name, value);
  }
}

/** Keep what is alike at both ends, and exchange what is between. */
function fill(parent, before, after) {
  while (before.length && after.length && alike(before[0], after[0]))
    renew(before.shift(), after.shift());
  let next = null;
  while (before.length && after.length && alike(before.at(-1), after.at(-1))) {
    next = before.pop();
    renew(next, after.pop());
  }
  before.forEach((node) => node.remove());
  after.forEach((node) => parent.insertBefore(node, next));
}
