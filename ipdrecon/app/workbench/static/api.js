// The server's addresses, with the token of this window. Nothing goes anywhere else.

const token = new URLSearchParams(location.search).get("token") ?? "";

/** An answer that is no success: `status`, and the sentence of the server as `message`. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body.error ?? `The workbench answered with ${status}.`);
    this.status = status;
    this.body = body;
  }
}

function address(path, query = {}) {
  const known = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(known).toString();
  return `/api/${path}${text ? `?${text}` : ""}`;
}

/** Ask the server; the answer's JSON. */
export async function ask(method, path, { query, body, signal } = {}) {
  const isFile = body instanceof Blob;
  const headers = { "X-Ipdrecon-Token": token };
  if (body !== undefined && !isFile) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address(path, query), { method, headers, signal, body: body === undefined || isFile ? body : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, { error: "The workbench does not answer. Everything up to your last stored change is on disk; start `ipdrecon serve` again and reload." });
  }
  const text = await answer.text();
  let record = {};
  try {
    record = text ? JSON.parse(text) : {};
  } catch {
    record = { error: text.slice(0, 200) };
  }
  if (!answer.ok) throw new Refusal(answer.status, record);
  return record;
}

/** The address of a picture or a download, which carries the token. */
export const link = (path, query = {}) => address(path, { ...query, token });

/** A picture as a blob address. */
export async function picture(path, query) {
  const answer = await fetch(address(path, query), { headers: { "X-Ipdrecon-Token": token } });
  if (!answer.ok) throw new Refusal(answer.status, await answer.json().catch(() => ({})));
  return URL.createObjectURL(await answer.blob());
}
