// A photo, a mask over it, and the states that "undo" goes back to. Nothing is sent but to this server.
const at = (id) => document.getElementById(id);
const view = at('view'), pen = view.getContext('2d');
const mask = document.createElement('canvas');
const token = new URLSearchParams(location.search).get('token');
let name = 'photo', states = [], numbers = null, objects = [], last = null, showsBefore = false;

const say = (text) => { at('say').textContent = text; };
const current = () => states[states.length - 1];

function draw() {
  if (!states.length) return;
  pen.drawImage(showsBefore ? states[0] : current(), 0, 0);
  if (showsBefore) return;
  pen.globalAlpha = 0.5;
  pen.drawImage(mask, 0, 0);
  pen.globalAlpha = 1;
}

async function open(file) {
  try {
    const photo = await createImageBitmap(file);
    name = file.name.replace(/\.[^.]*$/, '');
    states = [photo];
    for (const canvas of [view, mask]) { canvas.width = photo.width; canvas.height = photo.height; }
    numbers = null;
    draw();
    say('Paint over what is to be removed, or click objects.');
  } catch { say('This is no image that the browser can read.'); }
}

const blob = (canvas) => new Promise((done) => canvas.toBlob(done, 'image/png'));

async function photoBlob() {
  const canvas = new OffscreenCanvas(view.width, view.height);
  canvas.getContext('2d').drawImage(current(), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

// White where something is marked, without the colour in which the page shows it.
async function maskBlob() {
  const canvas = document.createElement('canvas');
  canvas.width = mask.width; canvas.height = mask.height;
  const context = canvas.getContext('2d');
  const pixels = mask.getContext('2d').getImageData(0, 0, mask.width, mask.height);
  for (let i = 0; i < pixels.data.length; i += 4) {
    pixels.data.fill(pixels.data[i + 3] > 127 ? 255 : 0, i, i + 3);
    pixels.data[i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return blob(canvas);
}

async function send(path, fields) {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(path, { method: 'POST', body: form, headers });
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer;
}

async function busy(text, work) {
  if (!states.length) return say('Open a photo first.');
  for (const button of document.querySelectorAll('button')) button.disabled = true;
  say(text);
  try { await work(); } catch (error) { say(error.message); }
  for (const button of document.querySelectorAll('button')) button.disabled = false;
}

function save(data, file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(data);
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function clearMask() { mask.getContext('2d').clearRect(0, 0, mask.width, mask.height); draw(); }

at('remove').onclick = () => busy('Removing ...', async () => {
  const fields = { image: await photoBlob(), mask: await maskBlob(), grow: at('grow').value, feather: at('feather').value };
  const answer = await send('api/remove', fields);
  states.push(await createImageBitmap(await answer.blob()));
  numbers = null;
  clearMask();
  say('Removed.');
});
at('layers').onclick = () => busy('Taking apart ...', async () => {
  const answer = await send('api/layers', { image: await photoBlob(), mask: await maskBlob() });
  save(await answer.blob(), `${name}.ora`);
  say('Saved.');
});
at('download').onclick = () => busy('Saving ...', async () => { save(await photoBlob(), `${name}.png`); say('Saved.'); });
at('undo').onclick = () => { if (states.length > 1) { states.pop(); numbers = null; draw(); } };
at('clear').onclick = clearMask;
at('before').onpointerdown = () => { showsBefore = true; draw(); };
for (const kind of ['onpointerup', 'onpointerleave']) at('before')[kind] = () => { showsBefore = false; draw(); };
at('photo').onchange = (event) => event.target.files[0] && open(event.target.files[0]);
at('mask-file').onchange = (event) => event.target.files[0] && busy('Reading ...', async () => {
  const given = await createImageBitmap(event.target.files[0]);
  if (given.width !== mask.width || given.height !== mask.height) throw new Error('The mask must have the size of the photo.');
  const context = mask.getContext('2d');
  context.drawImage(given, 0, 0);
  const pixels = context.getImageData(0, 0, mask.width, mask.height);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const marked = pixels.data[i] > 127 && pixels.data[i + 3] > 127;
    pixels.data.set([255, 40, 40, marked ? 255 : 0], i);
  }
  context.putImageData(pixels, 0, 0);
  draw();
  say('The mask is read.');
});

const place = (event) => {
  const box = view.getBoundingClientRect();
  return [(event.clientX - box.left) * view.width / box.width, (event.clientY - box.top) * view.height / box.height];
};

function stroke(from, to) {
  const context = mask.getContext('2d');
  context.globalCompositeOperation = at('tool').value === 'eraser' ? 'destination-out' : 'source-over';
  context.strokeStyle = 'rgb(255, 40, 40)';
  context.lineCap = 'round';
  context.lineWidth = at('size').value * view.width / view.getBoundingClientRect().width;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
  context.globalCompositeOperation = 'source-over';
  draw();
}

async function click([x, y]) {
  if (!numbers) {
    const found = await (await send('api/objects', { image: await photoBlob() })).json();
    const canvas = new OffscreenCanvas(view.width, view.height), context = canvas.getContext('2d');
    const data = Uint8Array.from(atob(found.map), (letter) => letter.charCodeAt(0));
    context.drawImage(await createImageBitmap(new Blob([data], { type: 'image/png' })), 0, 0);
    numbers = context.getImageData(0, 0, view.width, view.height).data;
    objects = found.objects;
  }
  const number = numbers[4 * (Math.floor(y) * view.width + Math.floor(x))];
  if (!number) return say(objects.length ? 'There is no object here: use the brush.' : 'No objects are found: use the brush.');
  const context = mask.getContext('2d'), pixels = context.getImageData(0, 0, view.width, view.height);
  const marked = pixels.data[4 * (Math.floor(y) * view.width + Math.floor(x)) + 3] > 127;
  for (let i = 0; i < pixels.data.length; i += 4) {
    if (numbers[i] === number) pixels.data.set([255, 40, 40, marked ? 0 : 255], i);
  }
  context.putImageData(pixels, 0, 0);
  draw();
  say(objects[number - 1].name || `object ${number}`);
}

view.onpointerdown = (event) => {
  if (!states.length) return;
  if (at('tool').value === 'click') { busy('Finding objects ...', () => click(place(event))); return; }
  view.setPointerCapture(event.pointerId);
  last = place(event);
  stroke(last, last);
};
view.onpointermove = (event) => {
  if (!last) return;
  const here = place(event);
  stroke(last, here);
  last = here;
};
view.onpointerup = view.onpointercancel = () => { last = null; };
document.body.ondragover = (event) => event.preventDefault();
document.body.ondrop = (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
};
document.onkeydown = (event) => { if ((event.ctrlKey || event.metaKey) && event.key === 'z') at('undo').click(); };
