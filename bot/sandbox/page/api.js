// The sandbox's control API: POST what a member does, and one WebSocket that tells everything that happens.
import { toast } from "./dom.js";
import { state } from "./state.js";

const key = new URLSearchParams(location.hash.slice(1)).get("key") ?? "";

async function post(verb, body) {
  return fetch("/page/do/" + verb, {
    method: "POST",
    headers: { Authorization: "Bearer " + key, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

// The result, or null after telling the member why not.
export async function act(verb, body = {}, { quiet = false } = {}) {
  let answer;
  try {
    const response = await post(verb, { member: state.me, ...body });
    answer = await response.json();
  } catch {
    answer = { error: "The local Discord does not answer. Check that it is still running in your terminal." };
  }
  if (answer.kind === "failed") answer = { error: `${state.bot.name} did not respond in time.` };
  if (answer.error && !quiet) toast(answer.error);
  return answer.error ? null : answer;
}

// Files as the control API takes them.
export function readFiles(files) {
  return Promise.all([...files].map((file) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ filename: file.name, data: reader.result.split(",")[1] ?? "" });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  })));
}

export function connect(wait = 500) {
  const socket = new WebSocket(`ws://${location.host}/page/feed`, ["troupe", "key." + key]);
  let opened = false;
  socket.onmessage = (event) => { opened = true; state.apply(JSON.parse(event.data)); };
  socket.onclose = async () => {
    const refused = !opened && (await post("hello", {}).then((response) => response.status === 401, () => false));
    state.connection = refused ? "refused" : "lost";
    state.onChange("frame");
    if (!refused) setTimeout(() => connect(Math.min(wait * 1.6, 5000)), opened ? 500 : wait);
  };
}
