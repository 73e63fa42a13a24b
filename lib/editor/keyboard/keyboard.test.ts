import { describe, expect, it } from 'vitest';
import type { LabelClass } from '@/lib/core/labels';
import { schema } from '../testing/fixtures';
import { actions } from './actions';
import { actionWithKey, classKeys, findClasses, reservedKeys } from './classKeys';
import { chordLabel, chordOf, digitOf, keyInputOf } from './keys';

const event = (key: string, m: Partial<{ shiftKey: boolean; altKey: boolean; ctrlKey: boolean; metaKey: boolean; code: string }> = {}) => ({ key, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...m });

describe('keys', () => {
  it('writes a chord as the registry does', () => {
    expect(chordOf(keyInputOf(event('A', { shiftKey: true })))).toBe('Shift+a');
    expect(chordOf(keyInputOf(event('Z', { shiftKey: true, metaKey: true })))).toBe('Mod+Shift+z');
    // What is typed with shift, wherever the keyboard has it.
    expect(chordOf(keyInputOf(event('?', { shiftKey: true })))).toBe('?');
    expect(chordOf(keyInputOf(event('+', { shiftKey: true })))).toBe('+');
    expect(chordOf(keyInputOf(event('Tab', { shiftKey: true })))).toBe('Shift+Tab');
    expect(chordOf(keyInputOf(event('¡', { altKey: true, code: 'Digit1' })))).toBe('Alt+1');
    expect(digitOf(event('!', { shiftKey: true, code: 'Digit1' }))).toBe('1');
  });

  it('shows a chord as people read it', () => {
    expect(chordLabel('Mod+Shift+z', false)).toBe('Ctrl+Shift+Z');
    expect(chordLabel('Mod+Shift+z', true)).toBe('⌘⇧Z');
    expect(chordLabel('+', false)).toBe('+');
  });
});

describe('actions', () => {
  it('have one id each, and chords that a keyboard can make', () => {
    expect(new Set(actions.map((a) => a.id)).size).toBe(actions.length);
    for (const a of actions) {
      expect(a.keys.length, a.id).toBeGreaterThan(0);
      for (const chord of a.keys) {
        const parts = chord === '+' ? ['+'] : chord.split('+');
        const key = parts.at(-1)!;
        const typed = parts.includes('Shift') && key.length === 1 ? key.toUpperCase() : key;
        expect(chordOf(keyInputOf(event(typed, { shiftKey: parts.includes('Shift'), altKey: parts.includes('Alt'), ctrlKey: parts.includes('Mod') }))), a.id).toBe(chord);
      }
    }
  });

  it('share a key only where their conditions keep them apart', () => {
    const owners = new Map<string, typeof actions[number][]>();
    for (const a of actions) for (const k of a.keys) owners.set(k, [...(owners.get(k) ?? []), a]);
    for (const [key, sharing] of owners) if (sharing.length > 1) expect(sharing.slice(0, -1).every((a) => a.enabled), key).toBe(true);
  });
});

describe('class keys', () => {
  const withKeys = (...keys: (string | null)[]) => ({ classes: schema.classes.map((c, i): LabelClass => ({ ...c, hotkey: keys[i] ?? null })) });

  it('gives each class its own key, the others the digits that are left', () => {
    const { byKey, byClass, conflicts } = classKeys(withKeys('1', null, 'w', null));
    expect(conflicts).toEqual([]);
    expect(byKey.get('1')?.name).toBe('Cell');
    expect(byKey.get('w')?.name).toBe('Hand');
    expect([...byClass.values()]).toEqual(['1', 'w', '2', '3']);
  });

  it('says which key an action has already, and gives another', () => {
    const { byKey, conflicts } = classKeys(withKeys('b'));
    expect(conflicts.map((c) => [c.cls.name, c.key, c.action.id])).toEqual([['Cell', 'b', 'tool.box']]);
    expect(byKey.get('b')).toBeUndefined();
    expect(byKey.get('1')?.name).toBe('Cell');
  });

  it('finds classes by their names: beginnings first, then beginnings of words, then the rest', () => {
    const names = ['Broccoli', 'Stop sign', 'Sports ball', 'Mask', 'Ski'];
    const many = { classes: names.map((name, i): LabelClass => ({ ...schema.classes[0]!, id: `c${i}`, name })) };
    const found = (typed: string) => findClasses(many, typed).map((c) => c.name);
    expect(found('s')).toEqual(['Stop sign', 'Sports ball', 'Ski', 'Mask']);
    expect(found(' SIGN ')).toEqual(['Stop sign']);
    expect(found('b')).toEqual(['Broccoli', 'Sports ball']);
    expect(found('')).toEqual(names);
    expect(found('zebra')).toEqual([]);
  });

  it('reserves every single letter of the registry, and no digit', () => {
    expect(reservedKeys.get('b')).toBe('Box');
    expect(actionWithKey('1')).toBeNull();
    for (const a of actions) for (const k of a.keys) if (/^[a-z]$/.test(k)) expect(reservedKeys.has(k), k).toBe(true);
    expect([...reservedKeys.keys()].some((k) => /\d/.test(k))).toBe(false);
  });
});
