// The frame around the conversation: channels, members, who I am, and how the bot is.
import { connect } from "./api.js";
import { attach, cancel, drawComposer, focusComposer, leaveChannel } from "./composer.js";
import { $, el } from "./dom.js";
import { dots, drawMessage, drawMessages, face } from "./messages.js";
import { state } from "./state.js";

let drawnChannel = null;
let drawnState = null;

state.onChange = (what, id) => {
  if (what === "new" || what === "message") { drawMessage(id, what === "new"); drawTyping(); }
  else if (what === "messages") drawMessages();
  else if (what === "typing") drawTyping();
  else drawFrame(what === "all");
};

function drawFrame(everything) {
  document.body.dataset.connection = state.connection;
  if (state.connection === "refused") return drawRefused();
  drawState();
  if (!state.channel) return;
  drawSidebar();
  drawMembers();
  drawTitle();
  const ready = state.connection + (state.bot.state === "starting");
  if (state.here !== drawnChannel) leaveChannel();
  if (everything) { drawMessages(); drawTyping(); }
  if (state.here !== drawnChannel || ready !== drawnState || everything) drawComposer();
  if (state.here !== drawnChannel && matchMedia("(min-width: 760px)").matches) focusComposer();
  [drawnChannel, drawnState] = [state.here, ready];
}

function drawSidebar() {
  const me = state.members.get(state.me);
  const all = [...state.channels.values()];
  const entry = (channel, icon, name) => el("button", {
    class: ["channel", channel.kind, state.unread.has(channel.id) && "unread"].filter(Boolean).join(" "),
    "aria-current": channel.id === state.here ? "page" : undefined, onclick: () => go(channel.id),
  }, el("span", { class: "hash" }, icon), el("span", { dir: "auto" }, name));
  $("guild").replaceChildren(state.guild);
  $("channels").replaceChildren(
    el("h2", {}, "Channels"),
    ...all.filter((channel) => channel.kind === "text").flatMap((channel) => [entry(channel, "#", channel.name),
      ...all.filter((thread) => thread.parent === channel.id).map((thread) => entry(thread, "╰", thread.name))]),
    el("h2", {}, "Direct messages"),
    entry(state.dm(), state.bot.avatar, state.bot.name));
  $("me").replaceChildren(face(me, "small"), el("div", {}, el("b", { dir: "auto" }, me.name), el("div", { class: "subtext", dir: "auto" }, me.about)),
    el("label", { class: "switch" }, el("span", {}, "Act as"),
      el("select", { "aria-label": "Act as", onchange: (event) => state.actAs(event.target.value) },
        [...state.members.values()].map((member) => el("option", { value: member.id, selected: member.id === state.me }, member.name)))));
}

function drawMembers() {
  const { bot } = state;
  $("members").replaceChildren(
    el("h2", {}, "App"),
    el("div", { class: "member" }, el("span", { class: "presence " + bot.state }, face(bot, "small")),
      el("div", {}, el("b", {}, bot.name), el("span", { class: "app" }, "APP"), el("div", { class: "subtext" }, bot.status ?? bot.state))),
    el("h2", {}, "Members (click to act as them)"),
    ...[...state.members.values()].map((member) => el("button", {
      class: "member", "aria-pressed": member.id === state.me, onclick: () => { state.actAs(member.id); close(); },
    }, el("span", { class: "presence online" }, face(member, "small")),
      el("div", {}, el("b", { dir: "auto" }, member.name), member.id === state.me && el("span", { class: "you" }, "you"), el("div", { class: "subtext", dir: "auto" }, member.about)))));
}

function drawTitle() {
  const { channel } = state;
  const name = channel.kind === "dm" ? state.bot.name : channel.name;
  $("title").replaceChildren(el("span", { class: "hash" }, { dm: "@", thread: "🧵", text: "#" }[channel.kind]), el("b", { dir: "auto" }, name),
    channel.topic ? el("span", { class: "topic", dir: "auto", title: channel.topic }, channel.topic) : "");
  document.title = `${channel.kind === "dm" ? "@" : "#"}${name} · ${state.guild}`;
}

function drawState() {
  const [kind, text] = state.connection === "lost" ? ["lost", "sandbox stopped"]
    : state.connection === "connecting" ? ["starting", "connecting…"]
    : { starting: ["starting", "bot is starting…"], online: ["online", "bot online"], reconnecting: ["starting", "bot is reconnecting…"] }[state.bot.state];
  $("state").className = kind;
  $("state").replaceChildren(el("span", { class: "light" }), el("span", { class: "label" }, text));
}

function drawTyping() {
  const now = Date.now();
  const names = [...(state.typing.get(state.here) ?? [])].filter(([id, until]) => until > now && id !== state.me).map(([id]) => state.nameOf(id));
  $("typing").replaceChildren(...(names.length ? [dots(), el("b", { dir: "auto" }, names.join(", ")), names.length > 1 ? " are typing…" : " is typing…"] : []));
  if (names.length) setTimeout(drawTyping, 2000);
}

function drawRefused() {
  document.body.replaceChildren(el("div", { class: "refused" }, el("div", { class: "big" }, "🎭"), el("h1", {}, "This address has expired"),
    el("p", {}, "Open the address that your terminal shows now: it begins with http:// and ends with #key=…")));
}

// ---------------------------------------------------------------- moving about

const close = () => document.body.classList.remove("show-sidebar", "show-members");
function go(id) { close(); state.go(id); }

$("open-sidebar").onclick = () => document.body.classList.toggle("show-sidebar");
$("toggle-members").onclick = () => document.body.classList.toggle(innerWidth < 1100 ? "show-members" : "hide-members");
$("shade").onclick = close;
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.files || event.target.closest("dialog, input")) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) attach(event.dataTransfer.files);
  });
}
$("messages").addEventListener("click", (event) => {
  const touched = event.target.closest(".message");
  for (const node of document.querySelectorAll(".message.open")) if (node !== touched) node.classList.remove("open");
  if (matchMedia("(hover: none)").matches && !event.target.closest("button, a")) touched?.classList.toggle("open");
});
document.addEventListener("keydown", (event) => {
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const channels = [...document.querySelectorAll("#channels .channel")];
    const at = channels.findIndex((node) => node.hasAttribute("aria-current"));
    channels.at((at + (event.key === "ArrowUp" ? -1 : 1)) % channels.length)?.click();
    event.preventDefault();
  } else if (event.key === "Escape") {
    close();
    if (!event.target.closest("#composer, dialog, [popover]")) cancel();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " " && !event.target.closest("input, textarea, select, button, dialog, [popover]")) {
    focusComposer();
  }
});
drawState();
connect();
