// What the page knows, kept up to date by the feed. Rendering listens through `onChange`.
const saved = (key) => sessionStorage.getItem("troupe." + key);

// Personas that speak under their own name keep their color.
const colorOf = (name) => `hsl(${[...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7)} 45% 45%)`;

export const state = {
  connection: "connecting", // connecting, open, lost, refused
  bot: { name: "Troupe", state: "starting" },
  guild: "",
  about: "", // the model that speaks
  members: new Map(),
  roles: {},
  channels: new Map(),
  messages: new Map(), // channel → Map(id → message), in order of arrival
  typing: new Map(), // channel → Map(member → until)
  unread: new Set(),
  me: saved("me"),
  here: saved("here"),
  pressed: false, // a button, and nothing new has come since
  onChange: () => {},

  get channel() { return state.channels.get(state.here); },
  nameOf(id) { return id === state.bot.id ? state.bot.name : state.members.get(id)?.name ?? "unknown"; },
  faceOf(author) {
    const known = author.id === state.bot.id ? state.bot : state.members.get(author.id);
    return known ?? { avatar: [...author.name][0].toUpperCase(), color: colorOf(author.name) };
  },
  seen(channel) {
    return [...(state.messages.get(channel)?.values() ?? [])]
      .filter((message) => !message.visible_to || message.visible_to === state.me);
  },
  actAs(id) {
    const inDm = state.channel?.kind === "dm";
    state.me = id;
    sessionStorage.setItem("troupe.me", id);
    if (inDm) state.go(state.dm()?.id); // my own conversation with the bot, not another member's
    else state.onChange("all");
  },
  dm() { return [...state.channels.values()].find((c) => c.kind === "dm" && c.member === state.me); },
  go(id) {
    state.here = id;
    state.unread.delete(id);
    sessionStorage.setItem("troupe.here", id);
    state.onChange("all");
  },

  apply(change) {
    const handlers = { snapshot, bot, message, gone, typing, channel, channel_gone };
    handlers[change.type]?.(change);
  },
};

function snapshot(change) {
  state.connection = "open";
  Object.assign(state, { bot: change.bot, guild: change.guild, about: change.about, roles: change.roles });
  state.members = new Map(change.members.map((member) => [member.id, member]));
  state.channels = new Map(change.channels.map((channel) => [channel.id, channel]));
  state.messages = new Map(change.channels.map((channel) => [channel.id, new Map()]));
  for (const item of change.messages) state.messages.get(item.channel)?.set(item.id, item);
  if (!state.members.has(state.me)) state.me = change.members[0].id;
  const mine = state.channel && (state.channel.kind !== "dm" || state.channel.member === state.me);
  if (!mine) state.here = change.channels.find((channel) => channel.kind === "text").id;
  state.onChange("all");
}

function bot(change) { state.bot = change.bot; state.onChange("frame"); }

function message({ message: item }) {
  const stored = state.messages.get(item.channel);
  if (!stored) return;
  const isNew = !stored.has(item.id);
  stored.set(item.id, item);
  // A bot types under its own name, whatever name it then speaks under.
  if (isNew) state.typing.get(item.channel)?.delete(item.is_bot ? state.bot.id : item.author.id);
  if (item.channel === state.here) state.onChange(isNew ? "new" : "message", item.id);
  else if (isNew && (!item.visible_to || item.visible_to === state.me)) {
    state.unread.add(item.channel);
    state.onChange("frame");
  }
}

function gone(change) {
  for (const id of change.messages) state.messages.get(change.channel)?.delete(id);
  if (change.channel === state.here) state.onChange("messages");
}

function typing(change) {
  if (!state.typing.has(change.channel)) state.typing.set(change.channel, new Map());
  state.typing.get(change.channel).set(change.member, Date.now() + 10_000);
  state.onChange("typing");
}

function channel({ channel: item }) {
  state.channels.set(item.id, item);
  if (!state.messages.has(item.id)) state.messages.set(item.id, new Map());
  state.onChange("frame");
}

function channel_gone(change) {
  state.channels.delete(change.channel);
  state.messages.delete(change.channel);
  if (state.here === change.channel) state.go([...state.channels.values()].find((c) => c.kind === "text").id);
  else state.onChange("frame");
}
