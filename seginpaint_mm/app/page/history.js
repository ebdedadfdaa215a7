// What was done to a photo, so that it can be undone: steps, and how many of them count.
// A step of kind 'photo' has a new photo, over which nothing is marked; all others mark something.
export class History {
  constructor(photo) { this.steps = [photo]; this.count = 1; }

  push(step) {
    this.steps.length = this.count; // what was undone before is gone
    this.steps.push(step);
    this.count += 1;
  }

  get canUndo() { return this.count > 1; }
  get canRedo() { return this.count < this.steps.length; }
  undo() { if (this.canUndo) this.count -= 1; }
  redo() { if (this.canRedo) this.count += 1; }

  get first() { return this.steps[0]; }
  get photo() { return this.steps[this.lastPhoto()]; }

  // The steps that mark something in the present photo, in turn.
  get marks() { return this.steps.slice(this.lastPhoto() + 1, this.count); }

  // Numbers of the objects that are marked.
  get marked() {
    const numbers = new Set();
    for (const step of this.marks) {
      if (step.kind === 'clear' || step.kind === 'image') numbers.clear();
      if (step.kind === 'objects') for (const id of step.ids) step.on ? numbers.add(id) : numbers.delete(id);
    }
    return numbers;
  }

  lastPhoto() {
    let index = this.count - 1;
    while (this.steps[index].kind !== 'photo') index -= 1;
    return index;
  }
}
