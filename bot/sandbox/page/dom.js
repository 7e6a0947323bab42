// Builds elements. Text always becomes a text node, so nothing a member types is ever read as HTML.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("aria-")) node.setAttribute(key, value); // "false" is a state, not an absence
    else if (value === false) continue;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key === "color") node.style.setProperty("--color", value);
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const $ = (id) => document.getElementById(id);

export function toast(text) {
  const note = el("div", { class: "toast" }, text);
  $("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

// Arrow keys, Enter, Tab and the mouse choose from a list above the input. `pick` gets the chosen item.
export class Picker {
  constructor(box) {
    this.box = box;
    this.close();
  }
  show(items, render, pick) {
    this.items = items;
    this.pick = pick;
    this.at = 0;
    this.box.replaceChildren(...items.map((item, index) => el("div", {
      class: "choice", role: "option", onmousedown: (event) => { event.preventDefault(); this.choose(index); },
    }, render(item))));
    this.box.hidden = !items.length;
    this.mark();
  }
  close() { this.items = []; this.box.hidden = true; }
  get open() { return this.items.length > 0; }
  mark() {
    [...this.box.children].forEach((row, index) => row.setAttribute("aria-selected", index === this.at));
    this.box.children[this.at]?.scrollIntoView({ block: "nearest" });
  }
  choose(index) { const item = this.items[index]; this.close(); this.pick(item); }
  key(event) { // true: the key was for the list
    if (!this.open || event.isComposing) return false;
    if (event.key === "ArrowDown") this.at = (this.at + 1) % this.items.length;
    else if (event.key === "ArrowUp") this.at = (this.at + this.items.length - 1) % this.items.length;
    else if (event.key === "Enter" || event.key === "Tab") this.choose(this.at);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    this.mark();
    return true;
  }
}
