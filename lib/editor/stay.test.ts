import { describe, expect, it } from 'vitest';
import { Stay } from './stay';

describe('Stay', () => {
  it('lets a step lead on while nobody has gone', () => {
    const stay = new Stay();
    const stillHere = stay.watch();
    expect(stillHere()).toBe(true);
    expect(stillHere()).toBe(true);
  });

  it('drops every step that began before a departure, and none that begins after it', () => {
    const stay = new Stay();
    const [first, second] = [stay.watch(), stay.watch()];
    stay.leave();
    const third = stay.watch();
    expect([first(), second(), third()]).toEqual([false, false, true]);
    // Going twice is not coming back.
    stay.leave();
    expect([first(), third()]).toEqual([false, false]);
  });
});
