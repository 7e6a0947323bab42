// The conversation: grouped messages with their reactions, buttons and tools.
import { act } from "./api.js";
import { attachment, components, embed, interact, ownFile } from "./components.js";
import { composeEdit, composeReply, suggest } from "./composer.js";
import { $, el, toast } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { state } from "./state.js";

const GROUP_MS = 7 * 60_000;
const MORE = ["❤️", "😂", "🎉", "🤔"];

export const face = (author, size = "") => {
  const known = state.faceOf(author);
  const own = ownFile(author.picture); // pictures from elsewhere stay there: their first letter stands for them
  return el("span", { class: "avatar " + size, color: known.color, "aria-hidden": "true" }, own ? el("img", { src: own, alt: "" }) : known.avatar);
};

export function drawMessages() {
  const list = state.seen(state.here);
  const box = $("messages");
  box.replaceChildren(welcome(list.length === 0), ...list.map((message, index) => view(message, list[index - 1])));
  atEnd = true;
  follow();
}

// Whoever reads the latest message keeps seeing it when the window, the composer or a picture grows.
let atEnd = true, lastTop = 0;
const isAtEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 120;
const follow = () => {
  if (atEnd) $("messages").scrollTop = $("messages").scrollHeight;
  lastTop = $("messages").scrollTop;
};
$("messages").addEventListener("scroll", () => {
  const box = $("messages");
  if (isAtEnd(box)) atEnd = true;
  else if (box.scrollTop < lastTop) atEnd = state.pressed = false; // only going up leaves the end, not what grows below meanwhile
  lastTop = box.scrollTop;
});
$("messages").addEventListener("load", follow, true);
new ResizeObserver(follow).observe($("messages"));

export function drawMessage(id, isNew) {
  const box = $("messages");
  const list = state.seen(state.here);
  const index = list.findIndex((message) => message.id === id);
  if (index < 0) return;
  const node = view(list[index], list[index - 1]);
  const old = $("m" + id);
  if (old) {
    const focused = document.activeElement === old;
    old.replaceWith(node);
    if (focused) node.focus();
  }
  else if (isNew && index === list.length - 1) box.append(node);
  else return drawMessages();
  if (list.length === 1) box.firstChild.replaceWith(welcome(false));
  if (isNew && (list[index].author.id === state.me || state.pressed)) {
    atEnd = true; // what I said, and what I just asked for with a button
    state.pressed = false;
  }
  follow();
}

function welcome(empty) {
  const channel = state.channel;
  const dm = channel.kind === "dm";
  return el("div", { class: "welcome" },
    el("div", { class: "big" }, dm ? state.bot.avatar : channel.kind === "thread" ? "🧵" : "#"),
    el("h1", { dir: "auto" }, dm ? state.bot.name : channel.name),
    el("p", { dir: "auto" }, dm ? `Only you and ${state.bot.name} can read this.` : channel.topic ?? "A thread"),
    state.about && el("p", { class: "model", dir: "auto" }, state.about),
    empty && channel.hints.length > 0 && el("div", { class: "hints" }, el("span", { class: "subtext" }, "Try:"),
      channel.hints.map((hint) => el("button", { class: "hint", dir: "auto", onclick: () => suggest(hint) }, hint))));
}

function view(message, before) {
  const time = new Date(message.time);
  const sameDay = before && new Date(before.time).toDateString() === time.toDateString();
  const divider = !sameDay && el("div", { class: "day" }, time.toLocaleDateString(undefined, { dateStyle: "long" }));
  const grouped = sameDay && before.author.id === message.author.id && before.author.name === message.author.name
    && !message.reply && !message.used && !message.visible_to && !before.visible_to && !message.system && !before.system
    && time - new Date(before.time) < GROUP_MS;
  const clock = time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const pinged = message.pings.includes(state.me) && message.author.id !== state.me;
  const classes = ["message", grouped && "grouped", message.visible_to && "whisper", pinged && "mentioned"].filter(Boolean);
  if (message.system === "thread") {
    const go = () => state.channels.has(message.id) || openThread(message.content);
    return el("div", { class: "message system", id: "m" + message.id }, "🧵 ", el("b", { dir: "auto" }, message.author.name), " started a thread: ",
      el("button", { class: "as-link", dir: "auto", onclick: go }, message.content));
  }
  return el("article", { class: classes.join(" "), id: "m" + message.id, "data-author": message.author.name, tabindex: message.visible_to ? undefined : 0,
    ...(message.visible_to ? {} : menuGestures(message)) },
    divider,
    message.reply && reply(message.reply),
    message.used && el("div", { class: "context" }, el("b", { dir: "auto" }, message.used.member), "used", el("span", { class: "mention" }, "/" + message.used.command)),
    el("div", { class: "body" },
      grouped ? el("time", { class: "side" }, clock) : face(message.author),
      el("div", { class: "column" },
        !grouped && el("header", {}, el("span", { class: "name", dir: "auto", color: state.faceOf(message.author).color }, message.author.name),
          message.is_bot && el("span", { class: "app" }, "APP"), el("time", { title: time.toLocaleString() }, clock)),
        message.thinking
          ? el("div", { class: "text thinking" }, dots(), ` ${state.bot.name} is thinking…`)
          : el("div", { class: "text" }, markdown(message.content), message.edited && !message.is_bot && el("span", { class: "edited" }, "(edited)")),
        message.embeds.map((item) => embed(item, message.attachments)),
        message.attachments.filter((file) => !message.embeds.some((item) => item.image?.url === "attachment://" + file.filename)).map(attachment),
        components(message, message.components),
        reactions(message),
        threadLink(message),
        message.visible_to && el("div", { class: "only-you" }, "👁 Only you can see this · ",
          el("button", { class: "as-link", onclick: () => act("delete", target(message)) }, "Dismiss")))),
    !message.visible_to && tools(message));
}

export const dots = () => el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
const target = (message) => ({ channel: message.channel, message: message.id });
const openThread = (name) => {
  const thread = [...state.channels.values()].find((channel) => channel.kind === "thread" && channel.name === name);
  return thread ? state.go(thread.id) : toast("That thread was deleted.");
};

function reply({ id, author, excerpt }) {
  const show = () => {
    $("m" + id)?.scrollIntoView({ block: "center" });
    $("m" + id)?.animate([{ background: "var(--glow)" }, {}], 1200);
  };
  return el("button", { class: "context", onclick: show }, author && [face(author, "tiny"), el("b", { dir: "auto" }, author.name)],
    el("span", { class: "excerpt", dir: "auto" }, author ? inline(excerpt.replace(/\n/g, " ")) : excerpt));
}

function reactions(message) {
  return message.reactions.length > 0 && el("div", { class: "reactions" }, message.reactions.map(({ emoji, members }) => {
    const mine = members.includes(state.me);
    return el("button", {
      class: mine ? "reaction mine" : "reaction", "aria-pressed": mine, title: members.map(state.nameOf).join(", "),
      "aria-label": `${emoji} ${members.length}`, onclick: () => react(message, emoji),
    }, emoji.includes(":") ? `:${emoji.split(":")[0]}:` : emoji, el("span", {}, members.length));
  }));
}

function react(message, emoji) {
  const mine = message.reactions.some((each) => each.emoji === emoji && each.members.includes(state.me));
  return act("react", { ...target(message), emoji, on: !mine });
}

function threadLink(message) {
  const thread = state.channels.get(message.id);
  return thread && el("button", { class: "thread-link", onclick: () => state.go(thread.id) }, "🧵 ", el("b", { dir: "auto" }, thread.name), " ›");
}

function tools(message) {
  const tool = (label, text, onclick) => el("button", { class: "icon", "aria-label": label, title: label, onclick }, text);
  return el("div", { class: "tools" },
    tool("React with 👍", "👍", () => react(message, "👍")),
    tool("React with 👎", "👎", () => react(message, "👎")),
    tool("Reply", "↩", () => composeReply(message)),
    tool("More", "⋯", (event) => more(event.currentTarget, message)));
}

// A right click, the menu key (Shift+F10), or a long press opens the menu of a message.
function menuGestures(message) {
  let pressed = null;
  const release = () => clearTimeout(pressed);
  const at = (x, y) => ({ getBoundingClientRect: () => new DOMRect(x, y, 0, 0), focus: () => $("m" + message.id)?.focus() });
  return {
    oncontextmenu: (event) => {
      if (event.target.closest("a, img, input, select, textarea") || getSelection().toString()) return; // the browser's own menu
      event.preventDefault();
      release();
      const box = event.currentTarget.getBoundingClientRect();
      more(event.clientX || event.clientY ? at(event.clientX, event.clientY) : at(box.left + 70, box.top + 20), message);
    },
    ontouchstart: (event) => { // where a long press gives no contextmenu event (iOS)
      const [{ clientX, clientY }] = event.touches;
      release();
      pressed = setTimeout(() => more(at(clientX, clientY), message), 600);
    },
    ontouchend: release, ontouchmove: release, ontouchcancel: release,
  };
}

async function more(anchor, message) {
  document.querySelector(".popup")?.remove();
  const mine = message.author.id === state.me;
  const close = (event) => { if (event.newState === "closed") { menu.remove(); if (document.activeElement === document.body) anchor.focus(); } };
  const menu = el("div", { class: "popup", role: "menu", "aria-label": "Message", popover: "manual", ontoggle: close, onkeydown: (event) => arrows(event, menu) });
  dismissElsewhere(menu);
  const entry = (text, onclick) => el("button", { role: "menuitem", onclick: () => { menu.hidePopover(); onclick(); } }, text);
  menu.append(el("div", { class: "row" }, MORE.map((emoji) => entry(emoji, () => react(message, emoji)))),
    ...[entry("↩ Reply", () => composeReply(message)),
      state.channel.kind === "text" && entry("🧵 Start a thread", () => startThread(message)),
      mine && entry("✏️ Edit", () => composeEdit(message)),
      mine && entry("🗑 Delete", () => act("delete", target(message))),
      entry("📋 Copy text", () => navigator.clipboard?.writeText(message.content))].filter(Boolean));
  document.body.append(menu);
  menu.showPopover();
  const place = () => {
    const at = anchor.getBoundingClientRect();
    menu.style.left = Math.max(8, Math.min(at.right - (at.width ? menu.offsetWidth : 0), innerWidth - menu.offsetWidth - 8)) + "px";
    menu.style.top = Math.max(8, Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8)) + "px";
  };
  place();
  menu.querySelector("button").focus();
  const found = await act("commands", { channel: message.channel });
  for (const command of found?.menu ?? []) menu.append(entry("🎭 " + command.name, () => interact("menu", { ...target(message), command: command.id })));
  if (menu.isConnected) place();
}

// An "auto" popover would close at once: the browser takes letting go of the right button for a click elsewhere.
function dismissElsewhere(menu) {
  const listening = new AbortController();
  const leave = (event) => {
    if (menu.isConnected && event.key !== "Escape" && (event.key || menu.contains(event.target))) return;
    listening.abort();
    if (menu.isConnected) menu.hidePopover();
  };
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, leave, { capture: true, signal: listening.signal });
}

function arrows(event, menu) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const entries = [...menu.querySelectorAll("button")];
  entries.at((entries.indexOf(document.activeElement) + step) % entries.length).focus();
}

async function startThread(message) {
  const name = message.content.replace(/<@!?\d+>/g, "").trim().slice(0, 40) || "Thread";
  const thread = await act("thread", { ...target(message), name });
  if (thread) setTimeout(() => state.channels.has(thread.id) && state.go(thread.id), 50);
}
