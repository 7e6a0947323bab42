// What a bot can put under a message: buttons, menus, embeds, files, and the forms (modals) they open.
import { act, readFiles } from "./api.js";
import { $, el } from "./dom.js";
import { markdown } from "./markdown.js";
import { state } from "./state.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const emojiText = (emoji) => (emoji ? (emoji.id ? `:${emoji.name}:` : emoji.name) : "");

// Runs an interaction; a form that the bot answers with opens at once.
export async function interact(verb, body) {
  const outcome = await act(verb, body);
  if (outcome?.modal) openForm(outcome.interaction, outcome.modal);
  return outcome;
}

export function components(message, list) {
  return list.map((item) => component(message, item)).filter(Boolean);
}

function component(message, item) {
  const inner = () => components(message, item.components ?? []);
  switch (item.type) {
    case 1: return el("div", { class: "row" }, inner());
    case 2: return button(message, item);
    case 3: case 5: case 6: case 7: case 8: return menu(message, item);
    case 9: return el("div", { class: "section" }, el("div", {}, inner()), component(message, item.accessory));
    case 10: return el("div", { class: "text" }, markdown(item.content));
    case 11: return picture(item.media.url, item.description);
    case 12: return el("div", { class: "row" }, item.items.map((each) => picture(each.media.url, each.description)));
    case 14: return el("hr");
    case 17: return el("div", { class: "embed", color: hex(item.accent_color) }, inner());
    default: return null;
  }
}

function button(message, item) {
  const press = async () => {
    state.pressed = true;
    node.disabled = true; // until the bot answers; it may put another button in its place
    await interact("click", { channel: message.channel, message: message.id, custom_id: item.custom_id });
    node.disabled = !!item.disabled;
  };
  const label = [emojiText(item.emoji), item.label].filter(Boolean).map((text) => el("span", { dir: "auto" }, text));
  const node = item.url
    ? el("a", { class: "button link", href: safeUrl(item.url), target: "_blank", rel: "noopener noreferrer" }, label, "↗")
    : el("button", { class: "button " + STYLES[item.style], disabled: !!item.disabled, onclick: press }, label);
  return node;
}

function choicesOf(item) {
  const all = {
    3: () => item.options.map((o) => [o.value, [emojiText(o.emoji), o.label, o.description && `– ${o.description}`].filter(Boolean).join(" "), o.default]),
    5: () => [...state.members.values()].map((m) => [m.id, m.name]),
    6: () => Object.entries(state.roles),
    7: () => [...choicesOf({ type: 5 }), ...choicesOf({ type: 6 })],
    8: () => [...state.channels.values()].filter((c) => c.kind !== "dm").map((c) => [c.id, "#" + c.name]),
  };
  return all[item.type]();
}

function select(item, props) {
  const many = (item.max_values ?? 1) > 1;
  const options = choicesOf(item).map(([value, label, chosen]) => el("option", { value, selected: !!chosen }, label));
  const empty = many ? [] : [el("option", { value: "", selected: true }, item.placeholder ?? "Make a selection")];
  return el("select", { multiple: many, size: many ? Math.min(6, options.length) : 0, ...props }, empty, options);
}

const chosenIn = (node) => [...node.selectedOptions].map((option) => option.value).filter(Boolean);

function menu(message, item) {
  const send = () => interact("click", {
    channel: message.channel, message: message.id, custom_id: item.custom_id, values: chosenIn(node),
  });
  const node = select(item, {
    "aria-label": item.placeholder ?? "Menu", disabled: !!item.disabled,
    onchange: () => { if (!node.multiple && node.value) send(); },
  });
  return node.multiple ? el("div", { class: "row" }, node, el("button", { class: "button primary", onclick: send }, "OK")) : node;
}

// ---------------------------------------------------------------- embeds and files

const hex = (color) => (color === undefined || color === null ? undefined : "#" + color.toString(16).padStart(6, "0"));
const safeUrl = (url) => (/^https?:\/\//.test(url) ? url : "about:blank");

// The page loads nothing from elsewhere: the path of a file that the sandbox itself keeps, or undefined.
export const ownFile = (url) => url?.match(/^http:\/\/[^/]+(\/(?:attachments|faces)\/.+)$/)?.[1];

function picture(url, description) {
  const own = ownFile(url);
  return own
    ? el("a", { href: own, target: "_blank" }, el("img", { src: own, alt: description ?? "", class: "picture" }))
    : el("a", { href: safeUrl(url ?? ""), target: "_blank", rel: "noopener noreferrer" }, description || url);
}

export function embed(item, attachments) {
  const image = item.image?.url?.startsWith("attachment://")
    ? attachments.find((file) => file.filename === item.image.url.slice(13))?.url : item.image?.url;
  const title = item.url ? el("a", { href: safeUrl(item.url), target: "_blank", rel: "noopener noreferrer" }, item.title) : item.title;
  return el("div", { class: "embed", color: hex(item.color) },
    item.author && el("div", { class: "subtext", dir: "auto" }, item.author.name),
    item.title && el("div", { class: "h3", dir: "auto" }, title),
    item.description && el("div", { class: "text" }, markdown(item.description)),
    item.fields?.length && el("div", { class: "fields" }, item.fields.map((field) =>
      el("div", { class: field.inline ? "" : "wide" }, el("strong", { dir: "auto" }, field.name), el("div", {}, markdown(field.value))))),
    image && picture(image),
    item.footer && el("div", { class: "subtext", dir: "auto" }, item.footer.text));
}

export function attachment(file) {
  if (file.content_type?.startsWith("image/") && file.content_type !== "image/svg+xml") return picture(file.url, file.description ?? file.filename);
  const size = file.size < 1024 ? `${file.size} bytes` : `${(file.size / 1024).toFixed(1)} KB`;
  return el("a", { class: "file", href: safeUrl(file.url), download: file.filename }, "📄 ", file.filename, el("span", { class: "subtext" }, size));
}

// ---------------------------------------------------------------- forms

function openForm(interaction, modal) {
  const controls = [];
  const rows = modal.components.flatMap((row) => {
    if (row.type === 10) return [el("div", { class: "text" }, markdown(row.content))];
    return (row.component ? [row.component] : row.components ?? []).map((item) => field(row, item, controls));
  });
  const problem = el("p", { class: "problem", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    const fields = Object.fromEntries(await Promise.all(controls.map(async ([id, read]) => [id, await read()])));
    const outcome = await interact("submit", { interaction, fields });
    send.disabled = false;
    if (outcome) dialog.close();
    else problem.textContent = "That could not be sent. Read the message below and try again.";
  };
  const send = el("button", { class: "button primary", type: "submit" }, "Submit");
  const dialog = el("dialog", { class: "modal", "aria-label": modal.title, onclose: () => dialog.remove() },
    el("form", { onsubmit: submit },
      el("h2", { dir: "auto" }, modal.title), rows, problem,
      el("div", { class: "row end" }, el("button", { class: "button secondary", type: "button", onclick: () => dialog.close() }, "Cancel"), send)));
  document.body.append(dialog);
  dialog.showModal();
}

function field(row, item, controls) {
  const required = item.required ?? true;
  const name = row.label ?? item.label ?? item.custom_id;
  let node;
  if (item.type === 4) {
    node = el(item.style === 2 ? "textarea" : "input", {
      value: item.value ?? "", placeholder: item.placeholder ?? "", required, dir: "auto",
      minLength: item.min_length ?? 0, maxLength: item.max_length ?? 4000, rows: item.style === 2 ? 5 : undefined,
    });
    controls.push([item.custom_id, () => node.value]);
  } else if ([3, 5, 6, 7, 8].includes(item.type)) {
    node = select(item, { required });
    controls.push([item.custom_id, () => chosenIn(node)]);
  } else if (item.type === 19) {
    node = el("input", { type: "file", required, multiple: (item.max_values ?? 1) > 1 });
    controls.push([item.custom_id, () => readFiles(node.files)]);
  } else if (item.type === 21 || item.type === 22) {
    const boxes = item.options.map((option) => [option, el("input", {
      type: item.type === 21 ? "radio" : "checkbox", name: item.custom_id, value: option.value, checked: !!option.default, required: required && item.type === 21,
    })]);
    controls.push([item.custom_id, () => boxes.filter(([, box]) => box.checked).map(([option]) => option.value)]);
    return el("fieldset", { class: "field" }, el("legend", {}, name, required && el("b", { class: "needed" }, " *")),
      row.description && el("span", { class: "subtext" }, row.description),
      boxes.map(([option, box]) => el("label", { class: "tick" }, box, option.label, option.description && el("span", { class: "subtext" }, option.description))));
  } else if (item.type === 23) {
    node = el("input", { type: "checkbox", checked: !!item.default });
    controls.push([item.custom_id, () => node.checked]);
    return el("label", { class: "field tick" }, node, name);
  } else return el("p", { class: "subtext" }, `${name}: this page can't fill in that kind of field yet.`);
  return el("label", { class: "field" }, el("span", {}, name, required && el("b", { class: "needed" }, " *")),
    row.description && el("span", { class: "subtext" }, row.description), node);
}
