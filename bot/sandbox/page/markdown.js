// Discord's Markdown as elements: never HTML text, links only to http(s). Each line finds its own writing direction.
import { el } from "./dom.js";
import { state } from "./state.js";

const INLINE = [
  [/^\\([\\*_~`|<>\[\]#-])/, (m) => m[1]],
  [/^(`+)([^]*?[^`])\1(?!`)/, (m) => el("code", {}, m[2].replace(/^ (.*) $/, "$1"))],
  [/^\*\*(?=\S)([^]+?)\*\*(?!\*)/, (m) => el("strong", {}, inline(m[1]))],
  [/^__(?=\S)([^]+?)__/, (m) => el("u", {}, inline(m[1]))],
  [/^~~(?=\S)([^]+?)~~/, (m) => el("s", {}, inline(m[1]))],
  [/^\|\|([^]+?)\|\|/, (m) => el("span", { class: "spoiler", tabIndex: 0 }, inline(m[1]))],
  [/^\*(?=\S)([^*]+?)\*(?!\*)/, (m) => el("em", {}, inline(m[1]))],
  [/^_(?=\S)([^_]+?)_(?!\w)/, (m) => el("em", {}, inline(m[1]))],
  [/^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s<>)]+)>?\)/, (m) => link(m[2], inline(m[1]))],
  [/^<?(https?:\/\/[^\s<>]+[^\s<>.,:;!?)\]'"])>?/, (m) => link(m[1], [m[1]])],
  [/^<@!?(\d+)>/, (m) => mention("@" + state.nameOf(m[1]))],
  [/^<@&(\d+)>/, (m) => mention("@" + (state.roles[m[1]] ?? "unknown role"))],
  [/^<#(\d+)>/, (m) => mention("#" + (state.channels.get(m[1])?.name ?? "unknown"))],
  [/^<a?:(\w+):\d+>/, (m) => `:${m[1]}:`],
  [/^<t:(\d+)(?::\w)?>/, (m) => new Date(m[1] * 1000).toLocaleString()],
];

const link = (href, children) => el("a", { href, target: "_blank", rel: "noopener noreferrer" }, children);
const mention = (text) => el("span", { class: "mention" }, text);

export function inline(text) {
  const out = [];
  let plain = "";
  while (text) {
    let hit = null;
    // A word's underscores (snake_case) are not emphasis.
    if (!(text[0] === "_" && /\w$/.test(plain)) && /[\\`*_~|[<h]/.test(text[0])) {
      for (const [pattern, make] of INLINE) {
        const match = text.match(pattern);
        if (match) { hit = [match[0].length, make(match)]; break; }
      }
    }
    if (hit) {
      if (plain) out.push(plain);
      plain = "";
      out.push(hit[1]);
      text = text.slice(hit[0]);
    } else {
      plain += text[0];
      text = text.slice(1);
    }
  }
  return plain ? [...out, plain] : out;
}

function lines(text) {
  const out = [];
  let quote = null;
  for (const line of text.split("\n")) {
    const quoted = line.match(/^> ?(.*)$/);
    if (quoted) {
      if (quote) quote.append("\n");
      else out.push((quote = el("blockquote", { dir: "auto" })));
      quote.append(...inline(quoted[1]));
      continue;
    }
    quote = null;
    const heading = line.match(/^(#{1,3}) (.+)$/);
    const item = line.match(/^(\s*)[-*] (.+)$/);
    if (heading) out.push(el("div", { class: "h" + heading[1].length, dir: "auto" }, inline(heading[2])));
    else if (line.startsWith("-# ")) out.push(el("div", { class: "subtext", dir: "auto" }, inline(line.slice(3))));
    else if (item) out.push(el("div", { class: item[1] ? "item deep" : "item", dir: "auto" }, inline(item[2])));
    else out.push(el("div", { class: "line", dir: "auto" }, line ? inline(line) : el("br")));
  }
  return out;
}

export function markdown(text) {
  const out = [];
  // An unclosed fence is a reply still streaming: show it as code already.
  const fence = /```(?:([\w+-]*)\n)?([^]*?)(?:```|$)\n?/g;
  let from = 0;
  for (let match; (match = fence.exec(text)) && match[0]; ) {
    if (match.index > from) out.push(...lines(text.slice(from, match.index).replace(/\n$/, "")));
    out.push(el("pre", {}, el("code", {}, match[2].replace(/\n$/, ""))));
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push(...lines(text.slice(from)));
  return out;
}
