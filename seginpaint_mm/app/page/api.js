// Forms to this server, whose answers are lines of JSON: the progress, and at last the result.
const token = typeof location === 'undefined' ? null : new URLSearchParams(location.search).get('token');
const headers = token ? { Authorization: `Bearer ${token}` } : {};

export async function status() {
  const answer = await fetch('api/status', { headers });
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer.json();
}

// Objects of a stream of bytes in which each line is one, however the stream is cut.
export async function* lines(stream) {
  const reader = stream.getReader(), decoder = new TextDecoder();
  let rest = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const pieces = decoder.decode(value, { stream: true }).split('\n');
    while (pieces.length > 1) {
      rest.push(pieces.shift());
      const line = rest.join('');
      rest = [];
      if (line) yield JSON.parse(line);
    }
    rest.push(pieces[0]);
  }
  const line = rest.join('');
  if (line) yield JSON.parse(line);
}

export function bytes(text) { return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)); }

// The result, a Blob. `fields`: pairs of names and texts or blobs; `hear` is called with each event.
export async function ask(path, fields, hear, signal) {
  const form = new FormData();
  for (const [key, value] of fields) form.append(key, value);
  const answer = await fetch(path, {
    method: 'POST', body: form, signal, headers: { ...headers, Accept: 'application/x-ndjson' },
  });
  if (!answer.ok) throw new Error((await answer.json()).error);
  for await (const event of lines(answer.body)) {
    if (event.state === 'failed') throw new Error(event.error);
    if (event.state === 'done') return new Blob([bytes(event.result)], { type: event.type });
    hear(event);
  }
  throw new Error('The server has ended before the result.');
}
