// Follow a run's events from the first to the last, over lost connections, without a gap and without a double.

const SILENT_MS = 40_000; // the service says something every 15 s
const LONGEST_WAIT_MS = 8_000;

/** Calls `on.events(list)` as they come, `on.state(word)` with live, reconnecting, ended or "logged out". */
export async function follow(url, on) {
  let last = 0;
  let wait = 250;
  for (;;) {
    const guard = new AbortController();
    let timer = 0;
    const heard = () => { clearTimeout(timer); timer = setTimeout(() => guard.abort(), SILENT_MS); };
    try {
      heard();
      const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": String(last) } : {}) };
      const answer = await fetch(url, { headers, cache: "no-store", signal: guard.signal });
      if (answer.status === 401 || answer.status === 404) return on.state(answer.status === 401 ? "logged out" : "gone");
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      on.state("live");
      wait = 250;
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        heard();
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        const found = [];
        let ended = false;
        for (const block of blocks) {
          const { name, data } = parsed(block);
          if (name === "end") ended = true;
          else if (data && data.id > last) { last = data.id; found.push(data); }
        }
        if (found.length) on.events(found);
        if (ended) return on.state("ended");
      }
    } catch (error) {
      // A lost connection is no failure: it is made again below, from the last event that was seen.
      console.debug("the log is followed anew:", error.message);
    } finally {
      clearTimeout(timer);
      guard.abort();
    }
    on.state("reconnecting");
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

function parsed(block) {
  let name = "";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  return { name, data: data && name !== "end" ? JSON.parse(data) : null };
}
