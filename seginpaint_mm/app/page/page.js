// The page: a photo, what is marked in it, and what the server makes of it. Nothing is sent elsewhere.
import { ask, bytes, status } from './api.js';
import { History } from './history.js';
import { blackAndWhite, fromAlpha, perObject, stem } from './masks.js';
import { fit, moved, pinched, toPhoto, zoomed } from './view.js';

const at = (id) => document.getElementById(id);
const view = at('view'), pen = view.getContext('2d');
const mask = document.createElement('canvas'); // what is marked, opaque, in MARK
const scratch = document.createElement('canvas'); // of the screen's size, for outlines
const MARK = 'rgb(255, 40, 40)', HOVER = '#fe4', GROWN = '#f80', FEATHERED = '#fc8';
const READ_BY_SERVER = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/tiff'];

let history = null, place = null; // place: where the photo lies on the screen
let server = { finds_objects: false, layout: null };
let found = null; // { photo, numbers, objects } of the photo in which objects were looked for
let behind = null; // { photo, canvas, present } of the layout that is shown
let tool = 'brush', hovered = 0, stroke = null, holdsSpace = false, running = null, name = 'photo';
const pointers = new Map();

const say = (text) => { at('say').textContent = text; };
const objectsHere = () => (found && history && found.photo === history.photo ? found : null);

// --- drawing

function resize() {
  const box = view.parentElement.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  for (const canvas of [view, scratch]) {
    canvas.width = Math.max(1, Math.round(box.width * ratio));
    canvas.height = Math.max(1, Math.round(box.height * ratio));
  }
  if (history) place = fit(mask.width, mask.height, view.width, view.height);
  draw();
}

const lay = (context) => context.setTransform(place.scale, 0, 0, place.scale, place.x, place.y);

// A line of `radius` pixels of the screen around an image that lies at (left, top) of the photo.
function outline(image, left, top, radius, colour) {
  const context = scratch.getContext('2d'), steps = 16;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalCompositeOperation = 'source-over';
  context.clearRect(0, 0, scratch.width, scratch.height);
  const width = image.width * place.scale, height = image.height * place.scale;
  const x = left * place.scale + place.x, y = top * place.scale + place.y;
  const around = (r) => {
    for (let step = 0; step < steps; step += 1) {
      const angle = 2 * Math.PI * step / steps;
      context.drawImage(image, x + r * Math.cos(angle), y + r * Math.sin(angle), width, height);
    }
  };
  around(radius);
  context.globalCompositeOperation = 'destination-out';
  if (radius > 3) around(radius - 2);
  context.drawImage(image, x, y, width, height);
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = colour;
  context.fillRect(0, 0, scratch.width, scratch.height);
  pen.drawImage(scratch, 0, 0);
}

function draw() {
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  if (!history) return;
  const share = at('compare').value / 100, width = mask.width, height = mask.height;
  pen.imageSmoothingEnabled = place.scale < 4;
  lay(pen);
  pen.drawImage(history.photo.bitmap, 0, 0);
  if (behind && behind.photo === history.photo) {
    pen.globalAlpha = 0.7;
    pen.drawImage(behind.canvas, 0, 0);
  }
  pen.globalAlpha = 0.5;
  pen.drawImage(mask, 0, 0);
  pen.globalAlpha = 1;
  if (stroke && stroke.kind === 'lasso') path(pen, stroke.points, 'stroke');
  pen.setTransform(1, 0, 0, 1, 0, 0);
  const grow = Number(at('grow').value), feather = Number(at('feather').value);
  if (history.marks.length) {
    if (grow) outline(mask, 0, 0, grow * place.scale, GROWN);
    if (feather) outline(mask, 0, 0, (grow + feather) * place.scale, FEATHERED);
  }
  const here = objectsHere(), object = here && here.objects[hovered - 1];
  if (object && tool === 'object') outline(silhouette(here, object), object.box[0], object.box[1], 3, HOVER);
  if (share > 0) {
    pen.save();
    lay(pen);
    pen.beginPath();
    pen.rect(0, 0, width * share, height);
    pen.clip();
    pen.drawImage(history.first.bitmap, 0, 0);
    pen.restore();
    pen.fillStyle = '#fff';
    pen.fillRect(place.x + width * share * place.scale - 1, place.y, 2, height * place.scale);
  }
}

function path(context, points, how) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  if (points.length === 1) context.lineTo(points[0][0] + 0.01, points[0][1]);
  context.strokeStyle = MARK;
  context.fillStyle = MARK;
  if (how === 'fill') { context.closePath(); context.fill(); } else {
    context.lineWidth = 2 / place.scale;
    context.stroke();
  }
}

// An object in the colour of marks, cropped to its box.
function silhouette(here, object) {
  if (object.silhouette) return object.silhouette;
  const [left, top, right, bottom] = object.box;
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, right - left);
  canvas.height = Math.max(1, bottom - top);
  const context = canvas.getContext('2d'), pixels = context.createImageData(canvas.width, canvas.height);
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      if (here.numbers[y * mask.width + x] === object.id) {
        pixels.data.set([255, 40, 40, 255], 4 * ((y - top) * canvas.width + x - left));
      }
    }
  }
  context.putImageData(pixels, 0, 0);
  object.silhouette = canvas;
  return canvas;
}

// --- marks

function mark(step) {
  const context = mask.getContext('2d');
  if (step.kind === 'clear' || step.kind === 'image') context.clearRect(0, 0, mask.width, mask.height);
  context.globalCompositeOperation = step.erase || step.on === false ? 'destination-out' : 'source-over';
  if (step.kind === 'image') context.drawImage(step.canvas, 0, 0);
  if (step.kind === 'lasso') path(context, step.points, 'fill');
  if (step.kind === 'objects') {
    for (const id of step.ids) {
      const object = step.found.objects[id - 1];
      context.drawImage(silhouette(step.found, object), object.box[0], object.box[1]);
    }
  }
  if (step.kind === 'stroke') {
    context.beginPath();
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.lineWidth = step.width;
    context.strokeStyle = MARK;
    for (const [x, y] of step.points) context.lineTo(x, y);
    if (step.points.length === 1) context.lineTo(step.points[0][0] + 0.01, step.points[0][1]);
    context.stroke();
  }
  context.globalCompositeOperation = 'source-over';
}

function remark() {
  mask.getContext('2d').clearRect(0, 0, mask.width, mask.height);
  history.marks.forEach(mark);
}

function add(step) {
  history.push(step);
  if (step.kind === 'photo') remark(); else mark(step);
  refresh();
}

function markedPixels() {
  return fromAlpha(mask.getContext('2d').getImageData(0, 0, mask.width, mask.height).data);
}

function pngOf(pixels) {
  const canvas = document.createElement('canvas');
  canvas.width = mask.width;
  canvas.height = mask.height;
  canvas.getContext('2d').putImageData(new ImageData(blackAndWhite(pixels), mask.width, mask.height), 0, 0);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

function objectMasks() {
  const here = objectsHere();
  const masks = perObject(markedPixels(), mask.width, here && here.numbers, history.marked);
  if (!masks.length) throw new Error('Mark an object first.');
  return Promise.all(masks.map(pngOf));
}

function refresh() {
  at('undo').disabled = !history || !history.canUndo;
  at('redo').disabled = !history || !history.canRedo;
  at('behind').setAttribute('aria-pressed', String(Boolean(behind && behind.photo === history?.photo)));
  side();
  const marked = history ? history.marked : new Set();
  for (const button of document.querySelectorAll('[data-object]')) {
    button.setAttribute('aria-pressed', String(marked.has(Number(button.dataset.object))));
  }
  draw();
}

// --- the server

async function busy(text, work) {
  if (!history) { say('Open a photo first.'); return; }
  if (running) { say('Wait, or cancel.'); return; }
  running = new AbortController();
  for (const button of document.querySelectorAll('.act')) button.disabled = true;
  at('cancel').hidden = false;
  at('progress').hidden = false;
  at('progress').removeAttribute('value');
  say(text);
  const hear = (event) => {
    if (event.state === 'waiting' && event.ahead) say(`${text} ${event.ahead} ahead`);
    if (event.state === 'working') say(text);
    if (event.progress) at('progress').value = event.progress;
  };
  try {
    await work((path, fields) => ask(path, fields, hear, running.signal));
  } catch (error) {
    say(error.name === 'AbortError' ? 'Cancelled.' : error.message);
  }
  running = null;
  for (const button of document.querySelectorAll('.act')) button.disabled = false;
  at('cancel').hidden = true;
  at('progress').hidden = true;
}

function save(data, file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(data);
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// What the server can read: the file as it is, or else as PNG.
async function sendable(file, bitmap) {
  if (READ_BY_SERVER.includes(file.type)) return file;
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

async function open(file) {
  try {
    const bitmap = await createImageBitmap(file);
    name = file.name;
    history = new History({ kind: 'photo', bitmap, blob: await sendable(file, bitmap), file });
  } catch { say('This is no image that the browser can read.'); return; }
  mask.width = history.photo.bitmap.width;
  mask.height = history.photo.bitmap.height;
  found = behind = null;
  at('compare').value = 0;
  resize();
  refresh();
  say('Paint over what is to be removed, or click objects.');
  if (server.finds_objects) find();
}

const find = () => busy('Finding objects ...', async (send) => {
  const photo = history.photo;
  const answer = JSON.parse(await (await send('api/objects', [['image', photo.blob]])).text());
  const numbers = await numbersOf(answer.map, photo.bitmap);
  found = { photo, numbers, objects: answer.objects };
  choose('object');
  refresh();
  say(found.objects.length ? 'Click objects to mark them.' : 'No objects are found: use the brush.');
});

async function numbersOf(text, { width, height }) {
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d');
  const picture = await createImageBitmap(new Blob([bytes(text)], { type: 'image/png' }));
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const numbers = new Uint8Array(width * height);
  for (let i = 0; i < numbers.length; i += 1) numbers[i] = data[4 * i];
  return numbers;
}

at('remove').onclick = () => busy('Removing ...', async (send) => {
  const fields = [
    ['image', history.photo.blob], ['mask', await pngOf(markedPixels())],
    ['grow', at('grow').value], ['feather', at('feather').value],
  ];
  const blob = await send('api/remove', fields);
  add({ kind: 'photo', bitmap: await createImageBitmap(blob), blob });
  say('Removed.');
});
at('pull').onclick = () => busy('Completing ...', async (send) => {
  const fields = [['image', history.photo.blob], ...(await objectMasks()).map((blob) => ['mask', blob])];
  const { objects } = JSON.parse(await (await send('api/complete', fields)).text());
  objects.forEach((object, index) => {
    save(new Blob([bytes(object.image)], { type: 'image/png' }), `${stem(name)}_object${index + 1}.png`);
  });
  say(objects.length > 1 ? `${objects.length} objects are saved.` : 'The object is saved.');
});
at('layers').onclick = () => busy('Taking apart ...', async (send) => {
  const format = at('format').value;
  const masks = (await objectMasks()).map((blob) => ['mask', blob]);
  const blob = await send('api/layers', [['image', history.photo.blob], ...masks, ['format', format]]);
  save(blob, `${stem(name)}${format === 'png' ? '_layers.zip' : `.${format}`}`);
  say('Saved.');
});
at('behind').onclick = () => {
  if (behind && behind.photo === history?.photo) { behind = null; refresh(); return; }
  busy('Looking behind ...', async (send) => {
    const photo = history.photo;
    const answer = JSON.parse(await (await send('api/layout', [['image', photo.blob]])).text());
    const numbers = await numbersOf(answer.map, photo.bitmap);
    const canvas = new OffscreenCanvas(mask.width, mask.height), context = canvas.getContext('2d');
    const pixels = context.createImageData(mask.width, mask.height), present = new Set(numbers);
    for (let i = 0; i < numbers.length; i += 1) {
      const [red, green, blue] = answer.palette[numbers[i]] || [0, 0, 0];
      pixels.data[4 * i] = red;
      pixels.data[4 * i + 1] = green;
      pixels.data[4 * i + 2] = blue;
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    const shown = answer.classes.map((title, id) => ({ title, colour: answer.palette[id], id }));
    behind = { photo, canvas, present: shown.filter(({ id }) => present.has(id)) };
    refresh();
    say('The classes behind the objects. Again: the photo.');
  });
};
at('find').onclick = find;
at('cancel').onclick = () => running && running.abort();

// --- objects by class, and what the colours of the layout mean

function side() {
  const here = objectsHere(), shown = behind && behind.photo === history?.photo ? behind : null;
  at('side').hidden = !(here && here.objects.length) && !shown;
  if (side.here === here && side.shown === shown) return;
  [side.here, side.shown] = [here, shown];
  at('side').replaceChildren();
  if (shown) at('side').append(legend(shown.present));
  const classes = new Map();
  for (const object of here ? here.objects : []) {
    const title = object.name || 'object';
    classes.set(title, [...(classes.get(title) || []), object]);
  }
  for (const [title, objects] of classes) at('side').append(group(here, title, objects));
}

function legend(classes) {
  const list = document.createElement('ul');
  for (const { title, colour } of classes) {
    const item = document.createElement('li'), swatch = document.createElement('span');
    swatch.className = 'swatch';
    swatch.style.background = `rgb(${colour.join()})`;
    item.append(swatch, ` ${title}`);
    list.append(item);
  }
  return list;
}

function group(here, title, objects) {
  const details = document.createElement('details'), summary = document.createElement('summary');
  const all = document.createElement('button'), thumbs = document.createElement('div');
  details.open = true;
  thumbs.className = 'thumbs';
  all.textContent = 'all';
  all.title = `Mark all: ${title}`;
  all.onclick = (event) => { event.preventDefault(); toggle(here, objects.map(({ id }) => id)); };
  summary.append(`${title} (${objects.length})`, all);
  for (const object of objects) {
    const button = document.createElement('button');
    button.className = 'thumb';
    button.dataset.object = object.id;
    button.title = object.score === null ? title : `${title}, ${Math.round(100 * object.score)} %`;
    button.onclick = () => toggle(here, [object.id]);
    button.onpointerenter = () => { hovered = object.id; draw(); };
    button.append(thumbnail(here, object));
    thumbs.append(button);
  }
  details.append(summary, thumbs);
  return details;
}

function thumbnail(here, { box: [left, top, right, bottom] }) {
  const canvas = document.createElement('canvas'), side = 52;
  const [width, height] = [Math.max(1, right - left), Math.max(1, bottom - top)];
  const scale = side / Math.max(width, height);
  [canvas.width, canvas.height] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  canvas.getContext('2d').drawImage(
    here.photo.bitmap, left, top, width, height, 0, 0, canvas.width, canvas.height,
  );
  return canvas;
}

function toggle(here, ids) {
  const { marked } = history;
  add({ kind: 'objects', found: here, ids, on: !ids.every((id) => marked.has(id)) });
}

// --- hands and keys

function choose(next) {
  tool = next;
  for (const button of document.querySelectorAll('.tool')) {
    button.setAttribute('role', 'radio');
    button.setAttribute('aria-checked', String(button.dataset.tool === tool));
  }
  view.style.cursor = tool === 'hand' ? 'grab' : tool === 'object' ? 'pointer' : 'crosshair';
  draw();
}

function onScreen(event) {
  const box = view.getBoundingClientRect();
  return [
    (event.clientX - box.left) * view.width / box.width,
    (event.clientY - box.top) * view.height / box.height,
  ];
}

function numberAt([x, y]) {
  const here = objectsHere(), [column, row] = [Math.floor(x), Math.floor(y)];
  const inside = column >= 0 && row >= 0 && column < mask.width && row < mask.height;
  return here && inside ? here.numbers[row * mask.width + column] : 0;
}

view.onpointerdown = (event) => {
  if (!history) return;
  view.focus({ preventScroll: true });
  view.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, onScreen(event));
  if (pointers.size > 1) { stroke = null; remark(); draw(); return; } // two fingers move the photo
  const where = toPhoto(place, ...onScreen(event));
  if (tool === 'hand' || holdsSpace || event.button === 1) { stroke = { kind: 'move' }; return; }
  if (tool === 'object') {
    const number = numberAt(where);
    if (number) {
      toggle(objectsHere(), [number]);
      say(found.objects[number - 1].name || `object ${number}`);
    } else if (!objectsHere() && server.finds_objects) find();
    else say(server.finds_objects ? 'There is no object here: use the brush.' : 'This server finds no objects (--instances): use the brush.');
    return;
  }
  const ratio = view.width / view.getBoundingClientRect().width;
  stroke = tool === 'lasso' ? { kind: 'lasso', points: [where], erase: event.altKey } : {
    kind: 'stroke', points: [where], erase: tool === 'eraser', width: at('size').value * ratio / place.scale,
  };
  if (stroke.kind === 'stroke') mark(stroke);
  draw();
};
view.onpointermove = (event) => {
  if (!history) return;
  const here = onScreen(event), before = pointers.get(event.pointerId);
  if (!before) {
    const number = tool === 'object' ? numberAt(toPhoto(place, ...here)) : 0;
    if (number !== hovered) { hovered = number; draw(); }
    return;
  }
  if (pointers.size === 2) {
    const others = [...pointers].map(([id, at_]) => [at_, id === event.pointerId ? here : at_]);
    place = pinched(place, others.map(([a]) => a), others.map(([, b]) => b));
  } else if (stroke && stroke.kind === 'move') {
    place = moved(place, here[0] - before[0], here[1] - before[1]);
  } else if (stroke) {
    const where = toPhoto(place, ...here), last = stroke.points[stroke.points.length - 1];
    stroke.points.push(where);
    if (stroke.kind === 'stroke') mark({ ...stroke, points: [last, where] });
  }
  pointers.set(event.pointerId, here);
  draw();
};
view.onpointerup = view.onpointercancel = (event) => {
  pointers.delete(event.pointerId);
  if (stroke && stroke.kind !== 'move' && event.type === 'pointerup') {
    history.push(stroke);
    remark(); // as undo and redo draw it
  }
  if (!pointers.size) stroke = null;
  if (history) refresh();
};
view.onwheel = (event) => {
  event.preventDefault();
  if (!history) return;
  place = zoomed(place, Math.exp(-event.deltaY / 400), ...onScreen(event));
  draw();
};

function zoom(factor) {
  if (!history) return;
  place = zoomed(place, factor, view.width / 2, view.height / 2);
  draw();
}

function step(how) {
  if (!history) return;
  history[how]();
  remark();
  refresh();
}

at('in').onclick = () => zoom(1.5);
at('out').onclick = () => zoom(1 / 1.5);
at('fit').onclick = resize;
at('undo').onclick = () => step('undo');
at('redo').onclick = () => step('redo');
at('clear').onclick = () => history && history.marks.length && add({ kind: 'clear' });
at('download').onclick = () => {
  if (!history) { say('Open a photo first.'); return; }
  const { file, blob } = history.photo;
  save(file || blob, file ? file.name : `${stem(name)}.png`);
};
at('save-mask').onclick = async () => {
  if (!history) { say('Open a photo first.'); return; }
  save(await pngOf(markedPixels()), `${stem(name)}_mask.png`);
};
at('photo').onchange = (event) => event.target.files[0] && open(event.target.files[0]);
at('mask-file').onchange = async (event) => {
  const file = event.target.files[0];
  if (!file || !history) { say('Open a photo first.'); return; }
  let given;
  try { given = await createImageBitmap(file); } catch { say('This is no image that the browser can read.'); return; }
  event.target.value = '';
  if (given.width !== mask.width || given.height !== mask.height) { say('The mask must have the size of the photo.'); return; }
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [given.width, given.height];
  const context = canvas.getContext('2d');
  context.drawImage(given, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const isMarked = pixels.data[i] > 127 && pixels.data[i + 3] > 127;
    pixels.data.set([255, 40, 40, isMarked ? 255 : 0], i);
  }
  context.putImageData(pixels, 0, 0);
  add({ kind: 'image', canvas });
  say('The mask is read.');
};
for (const id of ['grow', 'feather', 'compare']) at(id).oninput = draw;
for (const button of document.querySelectorAll('.tool')) button.onclick = () => choose(button.dataset.tool);

const KEYS = {
  b: () => choose('brush'), e: () => choose('eraser'), l: () => choose('lasso'), c: () => choose('object'), h: () => choose('hand'),
  '[': () => { at('size').value -= 4; }, ']': () => { at('size').value -= -4; },
  '+': () => zoom(1.5), '=': () => zoom(1.5), '-': () => zoom(1 / 1.5), 0: resize,
  o: () => at('photo').click(), s: () => at('download').click(), m: () => at('save-mask').click(),
  enter: () => at('remove').click(), delete: () => at('remove').click(),
  escape: () => (running ? running.abort() : at('clear').click()),
};
document.onkeydown = (event) => {
  const key = event.key.toLowerCase(), inControl = /^(INPUT|SELECT|BUTTON|SUMMARY|LABEL)$/.test(event.target.tagName);
  if (event.ctrlKey || event.metaKey) {
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    step(key === 'y' || event.shiftKey ? 'redo' : 'undo');
  } else if (key === ' ' && (!inControl || view.matches(':hover'))) { // not the button that was pressed last
    event.preventDefault();
    holdsSpace = true;
  } else if (KEYS[key] && !event.altKey && !(inControl && (key === 'enter' || key === '-' || key === '+'))) {
    event.preventDefault();
    KEYS[key]();
  }
};
document.onkeyup = (event) => {
  if (event.key !== ' ' || !holdsSpace) return;
  event.preventDefault();
  holdsSpace = false;
};
document.body.ondragover = (event) => event.preventDefault();
document.body.ondrop = (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
};
new ResizeObserver(resize).observe(view.parentElement);

choose('brush');
resize();
status().then((about) => {
  server = about;
  at('behind').hidden = !about.layout;
  at('find').hidden = !about.finds_objects;
}, (error) => say(error.message));
