// Writing: the mention chip, replies and edits, and slash commands with their options and suggestions.
import { act, readFiles } from "./api.js";
import { interact } from "./components.js";
import { $, el, Picker, toast } from "./dom.js";
import { state } from "./state.js";

const LIMIT = 2000;
let mentioning = true; // the chip: a newcomer just types and is answered
let replyTo = null;
let editing = null;
let files = []; // to go with the next message
let command = null; // the slash command being filled in
let commandList = null; // what the member may use here, fetched once per "/"
const drafts = new Map();
let input, picker;

export function drawComposer() {
  const ready = state.bot.state !== "starting" && state.connection === "open";
  const dm = state.channel.kind === "dm";
  picker = new Picker(el("div", { class: "picker", role: "listbox", "aria-label": "Suggestions" }));
  input = el("textarea", {
    rows: 1, dir: "auto", maxLength: LIMIT * 2, "aria-label": "Message", disabled: !ready, value: drafts.get(state.here) ?? "",
    placeholder: !ready ? `${state.bot.name} is starting…` : dm ? `Message ${state.bot.name}` : `Message #${state.channel.name}${innerWidth > 600 ? ", or / for commands" : ""}`,
    oninput: () => { grow(); typed(); }, onkeydown: keys,
    onpaste: (event) => { if (event.clipboardData.files.length) { event.preventDefault(); attach(event.clipboardData.files); } },
  });
  const chooser = el("input", { type: "file", multiple: true, hidden: true, onchange: () => attach(chooser.files) });
  const chip = el("button", {
    class: "chip", type: "button", "aria-pressed": mentioning, onclick: () => { mentioning = !mentioning; drawComposer(); input.focus(); },
    title: mentioning ? `${state.bot.name} will answer. Click to write without asking it.` : `Click to ask ${state.bot.name}.`,
  }, "@" + state.bot.name);
  const about = editing ? "Editing your message" : replyTo ? `Replying to ${replyTo.author.name}` : null;
  $("composer").replaceChildren(
    picker.box,
    about ? el("div", { class: "about" }, about, el("button", { class: "icon", "aria-label": "Cancel", onclick: cancel }, "✕")) : "",
    files.length && !command ? el("div", { class: "files" }, files.map((file) => el("span", { class: "file" }, "📄 ", file.name,
      el("button", { class: "icon", "aria-label": `Remove ${file.name}`, onclick: () => { files = files.filter((each) => each !== file); redraw(); } }, "✕")))) : "",
    command ? commandForm() : el("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); send(); } },
      !editing && el("button", { class: "icon", type: "button", "aria-label": "Attach a file", title: "Attach a file", disabled: !ready, onclick: () => chooser.click() }, "📎"), chooser,
      !dm && !editing && chip, input, el("button", { class: "send", type: "submit", "aria-label": "Send", disabled: !ready }, "➤")));
  grow();
}

function redraw() { drafts.set(state.here, input.value); drawComposer(); input.focus(); }

export function attach(chosen) { if (!command && !editing) { files = [...files, ...chosen]; redraw(); } }

export function focusComposer() { (command ? $("composer").querySelector("input, select, .send") : input)?.focus(); }

export function composeReply(message) { [replyTo, editing, command] = [message, null, null]; drawComposer(); focusComposer(); }

export function composeEdit(message) {
  [replyTo, editing, command] = [null, message, null];
  drawComposer();
  const bot = new RegExp(`^<@!?${state.bot.id}>\\s*`);
  editing = { ...message, prefix: message.content.match(bot)?.[0] ?? "" };
  input.value = message.content.replace(bot, "");
  grow();
  input.focus();
}

export async function suggest(text) {
  if (!text.startsWith("/")) { send(text); return; }
  input.value = text;
  await typed();
  input.focus();
  const exact = picker.items.findIndex((each) => ["/" + each.name, "/" + each.label].includes(text));
  if (exact >= 0) picker.choose(exact);
}

export function cancel() {
  if (editing) drafts.delete(state.here);
  [replyTo, editing, command, files] = [null, null, null, []];
  drawComposer();
  focusComposer();
}

export function leaveChannel() { [replyTo, editing, command, commandList, files] = [null, null, null, null, []]; }

function grow() {
  input.style.height = "auto";
  input.style.height = Math.min(input.scrollHeight, 220) + "px";
  input.parentElement?.classList.toggle("over", input.value.length > LIMIT);
}

function keys(event) {
  if (picker.key(event) || event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); send(); }
  else if (event.key === "Escape") cancel();
  else if (event.key === "ArrowUp" && !input.value) {
    const last = state.seen(state.here).filter((message) => message.author.id === state.me).at(-1);
    if (last) { event.preventDefault(); composeEdit(last); }
  }
}

async function send(text = input.value) {
  text = text.trim();
  if (!text && !files.length) return;
  if (text.startsWith("/") && !editing) {
    toast(`There is no command “${text.split(" ")[0]}” here. Type “/” and pick one from the list.`);
    return;
  }
  const channel = state.here;
  const addressed = state.channel.kind !== "dm" && mentioning && !text.includes(`<@${state.bot.id}>`);
  const was = [input.value, replyTo, files];
  const uploads = editing ? [] : await readFiles(files);
  const sent = editing
    ? act("edit", { channel, message: editing.id, content: editing.prefix + text })
    : act("say", { channel, content: addressed ? `<@${state.bot.id}> ${text}` : text, reply_to: replyTo?.id ?? null, files: uploads });
  drafts.delete(channel);
  cancel();
  if (!(await sent) && state.here === channel && !input.value) { // give the text back
    [input.value, replyTo, files] = was;
    redraw();
  }
}

// ---------------------------------------------------------------- slash commands

async function typed() {
  if (!editing) drafts.set(state.here, input.value);
  const prefix = input.value.match(/^\/([\p{L}\p{N}_ -]*)$/u)?.[1];
  if (prefix === undefined || editing) { commandList = null; picker.close(); return; }
  commandList ??= act("commands", { channel: state.here });
  const found = (await commandList)?.slash ?? [];
  if (input.value !== "/" + prefix) return; // more was typed meanwhile
  const wanted = prefix.toLowerCase().trimEnd();
  const matches = found.filter((each) => [each.label, each.name].some((name) => name.startsWith(wanted) || name.split(" ").some((word) => word.startsWith(wanted))));
  picker.show(matches, (each) => [
    el("b", {}, "/" + each.label), ...each.options.map((option) => el("span", { class: "option" }, option.label)),
    el("span", { class: "subtext", dir: "auto" }, each.description)], choose);
}

function choose(chosen) {
  drafts.delete(state.here);
  [command, commandList] = [chosen, null];
  if (chosen.options.length) { drawComposer(); focusComposer(); }
  else run([]);
}

let filled = async () => ({}); // what stands in the command's options; the bot's suggestions for one may depend on others

function commandForm() {
  const fields = command.options.map(optionField);
  filled = async () => {
    const texts = fields.filter((field) => field.option.type !== 11);
    const read = await Promise.all(texts.map(async (field) => [field.option.name, await field.read()]));
    return Object.fromEntries(read.filter(([, value]) => value !== ""));
  };
  const submit = (event) => { event.preventDefault(); run(fields); };
  return el("form", { class: "bar command", onsubmit: submit, onkeydown: (event) => event.key === "Escape" && !picker.open && cancel() },
    el("b", { class: "slash" }, "/" + command.label), fields.map((field) => field.node),
    el("button", { class: "icon", type: "button", "aria-label": "Cancel", onclick: cancel }, "✕"),
    el("button", { class: "send", type: "submit", "aria-label": "Send" }, "➤"));
}

async function run(fields) {
  const options = {};
  for (const field of fields) {
    const value = await field.read();
    if (value !== "") options[field.option.name] = value;
    else if (field.option.required) { field.node.querySelector("input, select").focus(); return; }
  }
  const used = command;
  [command, replyTo] = [null, null];
  drawComposer();
  focusComposer();
  await interact("slash", { channel: state.here, command: used.id, path: used.path, options });
}

function optionField(option) {
  const fixed = {
    5: () => [[true, "True"], [false, "False"]],
    6: () => [[state.bot.id, state.bot.name], ...[...state.members.values()].map((member) => [member.id, member.name])],
    7: () => [...state.channels.values()].filter((channel) => channel.kind !== "dm").map((channel) => [channel.id, "#" + channel.name]),
    8: () => Object.entries(state.roles),
  }[option.type]?.() ?? (option.choices.length ? option.choices.map((choice) => [choice.value, choice.name]) : null);
  const props = { "aria-label": option.label, title: option.description, placeholder: option.required ? option.description : "optional" };
  let node, read;
  if (option.type === 11) {
    node = el("input", { "aria-label": option.label, title: option.description, type: "file" });
    read = async () => (await readFiles(node.files))[0] ?? "";
  } else if (fixed) {
    node = el("select", props, el("option", { value: "" }, option.required ? "Choose…" : "optional"), fixed.map(([, name], index) => el("option", { value: index }, name)));
    read = () => (node.value === "" ? "" : fixed[node.value][0]);
  } else {
    let picked = null; // a suggestion shows its name but sends its value
    node = el("input", { ...props, autocomplete: "off", dir: "auto", size: 16, "data-suggests": option.autocomplete ? "yes" : "no" });
    read = () => (picked && picked.name === node.value ? picked.value : node.value);
    if (option.autocomplete) suggestions(node, option, (choice) => { picked = choice; node.value = choice.name; });
  }
  return { option, read, node: el("label", { class: "option-field" + (option.required ? " required" : "") }, el("span", {}, option.label), node) };
}

function suggestions(node, option, pick) {
  let timer;
  const ask = async () => {
    const text = node.value;
    const of = command;
    if (!of) return; // sent or cancelled meanwhile
    const answer = await act("autocomplete", {
      channel: state.here, command: of.id, path: of.path, options: { ...await filled(), [option.name]: text }, focused: option.name,
    }, { quiet: true });
    if (command !== of || node.value !== text || document.activeElement !== node) return;
    picker.show(answer?.choices ?? [], (choice) => [el("span", { dir: "auto" }, choice.name)], pick);
  };
  node.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 150); });
  node.addEventListener("focus", ask);
  node.addEventListener("blur", () => picker.close());
  node.addEventListener("keydown", (event) => picker.key(event));
}
