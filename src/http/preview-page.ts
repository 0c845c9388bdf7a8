/** The page of the preview. Its links are relative: a proxy may mount the admin listener below any path. */
export const PREVIEW_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Portvakt preview</title><link rel="stylesheet" href="preview.css"><script defer src="preview.js"></script></head>
<body>
<h1>Preview</h1>
<p id="state" role="status">Connecting ...</p>
<p>Events appear here as they arrive: what each route gets and why, and how its delivery ended. So do requests that were refused, with the line of configuration that would accept them. Nothing is kept, and what a visitor has not allowed is not shown.</p>
<ul id="stopped"></ul>
<ol id="events" reversed></ol>
</body>
</html>
`;

export const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;max-width:75rem}li{margin-bottom:1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid #8885}pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem}.bad{color:#b3261e}.hint{border-left:3px solid #8888;padding-left:.6rem}`;

export const SCRIPT = `
const list = document.getElementById('events');
const state = document.getElementById('state');
const stopped = document.getElementById('stopped');
/** By mark: where the end of a delivery is shown. Emptied with the events. */
const cells = new Map();
const add = (parent, tag, text, name) => { const node = document.createElement(tag); if (text !== undefined) node.textContent = text; if (name) node.className = name; parent.append(node); return node; };
const put = (item) => {
  list.prepend(item);
  while (list.childElementCount > 100) list.lastElementChild.remove();
  if (cells.size > 2000) for (const [mark, cell] of cells) if (!cell.isConnected) cells.delete(mark);
};
const stream = new EventSource('preview/stream');
const hear = (name, take) => stream.addEventListener(name, ({ data }) => take(JSON.parse(data)));
stream.onopen = () => { state.textContent = 'Connected: waiting for events.'; };
stream.onerror = () => { state.textContent = stream.readyState === 2 ? 'The connection was refused: at most eight previews are open at once. Close one and load this page again.' : 'The connection is gone; trying again.'; };
hear('trace', (record) => {
  const item = document.createElement('li');
  add(item, 'strong', record.event + ' - ' + record.site + ' - ' + record.source + ' - ' + record.at);
  add(item, 'p', 'Allowed: ' + (record.signals.join(', ') || 'nothing') + '. ' + record.consent.join('; '));
  for (const hint of record.hints) add(item, 'p', hint, 'hint');
  const table = add(item, 'table');
  const head = add(table, 'tr');
  for (const name of ['Route', 'Verdict', 'Decision', 'Delivery', 'Fields', 'Sent']) add(head, 'th', name);
  for (const route of record.routes) {
    const row = add(table, 'tr');
    add(row, 'td', route.rule === undefined ? route.route : route.route + ' (' + route.rule + ')');
    add(row, 'td', route.verdict + (route.missing.length === 0 ? '' : ' (lacks ' + route.missing.join(', ') + ')'));
    add(row, 'td', route.outcome + (route.reason === '' ? '' : ': ' + route.words + ' [' + route.reason + ']'));
    const cell = add(row, 'td', route.mark === '' ? '' : 'waiting');
    if (route.mark !== '') cells.set(route.mark, cell);
    add(row, 'td', route.fields.join(', '));
    add(add(row, 'td'), 'pre', route.sent || 'nothing');
  }
  put(item);
});
hear('ended', (ends) => {
  for (const end of ends) {
    const cell = cells.get(end.mark);
    if (cell === undefined) continue;
    cell.textContent = end.state + (end.words === '' ? '' : ': ' + end.words);
    cell.className = end.state === 'delivered' || end.state === 'awaiting' ? '' : 'bad';
  }
});
hear('refused', (record) => {
  const item = document.createElement('li');
  add(item, 'strong', 'Refused - ' + (record.site || 'no site') + ' - ' + record.at, 'bad');
  add(item, 'p', record.words + ' [' + record.code + ']. ' + record.detail);
  if (record.accept) { add(item, 'p', 'To accept such requests, write:'); add(item, 'pre', record.accept); }
  put(item);
});
hear('stopped', (routes) => {
  stopped.replaceChildren();
  for (const [route, why] of Object.entries(routes)) add(stopped, 'li', route + ' is stopped and keeps its events: ' + why, 'bad');
});
`;
