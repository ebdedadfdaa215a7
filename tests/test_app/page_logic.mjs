// What of the page runs without a browser. Run by test_page.py: node page_logic.mjs FOLDER_OF_MODULES
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';

const load = (name) => import(pathToFileURL(`${process.argv[2]}/${name}`));
const { History } = await load('history.js');
const { fit, moved, pinched, toPhoto, zoomed } = await load('view.js');
const { blackAndWhite, fromAlpha, parts, perObject, stem } = await load('masks.js');
const { bytes, lines } = await load('api.js');

// undo and redo go through marks and photos; a new step forgets what was undone
const photo = { kind: 'photo', name: 1 }, other = { kind: 'photo', name: 2 };
const history = new History(photo);
assert.equal(history.canUndo, false);
history.undo();
const brush = { kind: 'stroke' }, on = { kind: 'objects', ids: [1, 2], on: true };
history.push(brush);
history.push(on);
history.push({ kind: 'objects', ids: [2], on: false });
assert.deepEqual([...history.marked], [1]);
history.push(other);
assert.equal(history.photo, other);
assert.deepEqual(history.marks, []);
assert.deepEqual([...history.marked], []);
history.undo();
history.undo();
assert.equal(history.photo, photo);
assert.deepEqual([...history.marked], [1, 2]);
assert.deepEqual(history.marks, [brush, on]);
history.redo();
assert.deepEqual([...history.marked], [1]);
history.push({ kind: 'clear' });
assert.equal(history.canRedo, false);
assert.deepEqual([...history.marked], []);
assert.equal(history.first, photo);

// zooming keeps what is below the pointer, pinching what is below both fingers
const near = (a, b) => a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-9, `${a} ${b}`));
const view = fit(400, 200, 100, 100);
assert.deepEqual(view, { scale: 0.25, x: 0, y: 25 });
near(toPhoto(zoomed(view, 3, 40, 60), 40, 60), toPhoto(view, 40, 60));
near(toPhoto(moved(view, 5, -5), 15, 20), toPhoto(view, 10, 25));
const fingers = [[10, 20], [50, 60]], later = [[0, 30], [80, 110]];
const pinch = pinched(view, fingers, later);
assert.equal(pinch.scale, 0.5);
for (const i of [0, 1]) near(toPhoto(pinch, ...later[i]), toPhoto(view, ...fingers[i]));
assert.ok(zoomed(view, 1e9, 0, 0).scale < 100);

// masks
assert.deepEqual([...fromAlpha(new Uint8Array([9, 9, 9, 128, 9, 9, 9, 127]))], [1, 0]);
assert.deepEqual([...blackAndWhite([1, 0])], [255, 255, 255, 255, 0, 0, 0, 255]);
const drawn = [
  1, 1, 0, 0, 1,
  1, 0, 0, 0, 1,
  0, 0, 1, 0, 1,
];
assert.deepEqual(parts(drawn, 5, 3).map((part) => [...part]), [
  [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
]);
assert.equal(parts(drawn, 5, 1).length, 3);
assert.equal(parts([0, 0, 1, 1, 0, 0], 3, 1).length, 2, 'the end of a row is not beside the next one');
const numbers = Array(64).fill(0).fill(2, 0, 8).fill(1, 8, 16), marks = Array(64).fill(0).fill(1, 4, 40);
const found = perObject(marks, 8, numbers, new Set([2, 1, 3]));
assert.deepEqual(found.map((mask) => mask.reduce((a, b) => a + b)), [8, 4, 24]);
assert.equal(perObject(marks, 8, null, new Set()).length, 1);
assert.equal(stem('a.b.jpg'), 'a.b');
assert.equal(stem('.jpg'), 'photo');

// lines of JSON are whole, however the stream is cut, also within a letter
const text = new TextEncoder().encode('{"a":"é"}\n{"b":2}\n\n{"c":3}');
for (const size of [1, 2, 3, 7, 100]) {
  const stream = new ReadableStream({
    start(controller) {
      for (let i = 0; i < text.length; i += size) controller.enqueue(text.slice(i, i + size));
      controller.close();
    },
  });
  const read = [];
  for await (const event of lines(stream)) read.push(event);
  assert.deepEqual(read, [{ a: 'é' }, { b: 2 }, { c: 3 }]);
}
assert.deepEqual([...bytes('AQL/')], [1, 2, 255]);
