// Masks as arrays: a byte per pixel, 0 = not marked.

// Which pixels of RGBA data are marked: those that are mostly opaque.
export function fromAlpha(data) {
  const mask = new Uint8Array(data.length / 4);
  for (let i = 0; i < mask.length; i += 1) mask[i] = data[4 * i + 3] > 127 ? 1 : 0;
  return mask;
}

// Connected parts (4 neighbours) of at least `least` pixels, in the order of their first pixels.
export function parts(mask, width, least = 16) {
  const labels = new Int32Array(mask.length), sizes = [0], stack = [];
  for (let start = 0; start < mask.length; start += 1) {
    if (!mask[start] || labels[start]) continue;
    const label = sizes.length;
    let size = 0;
    labels[start] = label;
    stack.push(start);
    while (stack.length) {
      const i = stack.pop(), column = i % width;
      size += 1;
      const sides = [i - width, i + width];
      if (column > 0) sides.push(i - 1);
      if (column < width - 1) sides.push(i + 1);
      for (const next of sides) {
        if (!mask[next] || labels[next]) continue; // beside the mask, too: undefined
        labels[next] = label;
        stack.push(next);
      }
    }
    sizes.push(size);
  }
  const kept = [];
  for (let label = 1; label < sizes.length; label += 1) {
    if (sizes[label] >= least) kept.push(Uint8Array.from(labels, (value) => Number(value === label)));
  }
  return kept;
}

// One mask per object: marked pixels of each marked object of a map of numbers, then parts of the rest.
export function perObject(mask, width, numbers, marked) {
  const rest = Uint8Array.from(mask), masks = [];
  for (const id of numbers ? [...marked].sort((a, b) => a - b) : []) {
    const own = new Uint8Array(mask.length);
    let any = false;
    for (let i = 0; i < mask.length; i += 1) {
      if (mask[i] && numbers[i] === id) { own[i] = 1; rest[i] = 0; any = true; }
    }
    if (any) masks.push(own);
  }
  return [...masks, ...parts(rest, width)];
}

// RGBA data, white where a mask marks, else black.
export function blackAndWhite(mask) {
  const data = new Uint8ClampedArray(4 * mask.length);
  for (let i = 0; i < mask.length; i += 1) {
    data.fill(mask[i] ? 255 : 0, 4 * i, 4 * i + 3);
    data[4 * i + 3] = 255;
  }
  return data;
}

// Names of files: "a.b.jpg" -> "a.b".
export const stem = (name) => name.replace(/\.[^.]*$/, '') || 'photo';
